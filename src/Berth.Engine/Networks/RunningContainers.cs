using Berth.Containers.Interfaces;
using Berth.Engine.Instances;
using Berth.Engine.State;
using Berth.Linux;
using Berth.Networks.Bridges;

namespace Berth.Engine.Networks;

/// <summary>Interfaces of running containers, by their network namespaces. Their files are binds of the host's.</summary>
internal sealed class RunningContainers : IRunningInterfaces
{
    /// <inheritdoc/>
    public Task AddAsync(Instance instance, InterfaceConfig added) => Translated(instance, () => ContainerInterfaces.Add(instance.State.Pid, added));

    /// <inheritdoc/>
    public Task RemoveAsync(Instance instance, EndpointRow left)
    {
        BridgeDevices.Remove(left.HostInterface);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ConfigureAsync(Instance instance, InterfaceConfig? gateway) =>
        gateway is null ? Task.CompletedTask : Translated(instance, () => ContainerInterfaces.SetGateways(instance.State.Pid, gateway));

    private static Task Translated(Instance instance, Action action)
    {
        try
        {
            action();
            return Task.CompletedTask;
        }
        catch (LinuxException e)
        {
            throw new EngineException(EngineErrorKind.System, $"cannot change the networks of {instance.Name}: {e.Message}", e);
        }
    }
}
