using Berth.Containers.Interfaces;
using Berth.Engine.Instances;
using Berth.Engine.State;

namespace Berth.Engine.Networks;

/// <summary>The inside of networks that change while an instance runs: one way for containers, one for virtual machines.</summary>
internal interface IRunningInterfaces
{
    /// <summary>Gives it an interface.</summary>
    /// <exception cref="EngineException">It cannot have it; nothing is left of it.</exception>
    Task AddAsync(Instance instance, InterfaceConfig added);

    /// <summary>Takes an interface away. On the host nothing is left of it, whatever the instance does.</summary>
    Task RemoveAsync(Instance instance, EndpointRow left);

    /// <summary>The files that name its networks have been written; the default routes go to an interface, if one is given.</summary>
    /// <exception cref="EngineException">It could not be told.</exception>
    Task ConfigureAsync(Instance instance, InterfaceConfig? gateway);
}
