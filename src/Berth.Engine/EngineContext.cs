using Berth.Containers.Cgroups;
using Berth.Disks;
using Berth.Engine.Events;
using Berth.Engine.Images;
using Berth.Engine.Instances;
using Berth.Engine.Machines;
using Berth.Engine.Networks;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Engine.Supervision;
using Berth.Engine.Volumes;
using Microsoft.Extensions.Logging;

namespace Berth.Engine;

/// <summary>What the engine's services share.</summary>
internal sealed record EngineContext
{
    public required EngineOptions Options { get; init; }

    public required EnginePaths Paths { get; init; }

    public required TimeProvider Clock { get; init; }

    public required ILogger Log { get; init; }

    public required StateStore Store { get; init; }

    /// <summary>The way to record what has happened already and cannot be refused.</summary>
    public required StateWriter States { get; init; }

    public required EventJournal Events { get; init; }

    public required ISupervisor Supervisor { get; init; }

    public required CgroupHierarchy Cgroups { get; init; }

    public required HostFacts Host { get; init; }

    public required ImageService Images { get; init; }

    public required VolumeService Volumes { get; init; }

    public required NetworkRegistry Networks { get; init; }

    /// <summary>Addresses and names of running instances.</summary>
    public required EndpointTable Endpoints { get; init; }

    public required KernelService Kernels { get; init; }

    /// <summary>Images as disks of virtual machines.</summary>
    public required ImageDisks Disks { get; init; }

    public required MachineHost Machines { get; init; }

    public InstanceRegistry Registry { get; } = new();

    /// <summary>Cancelled when the engine lets go.</summary>
    public required CancellationTokenSource Stopping { get; init; }

    /// <summary>Overlay lower directories of an image's instances, topmost first.</summary>
    public IReadOnlyList<string> LowerDirectories(string imageId) => [.. Images.LayerDirectories(imageId), Paths.BaseLayer];

    public string CgroupPath(InstanceDefinition definition)
    {
        string parent = string.IsNullOrEmpty(definition.HostConfig.CgroupParent) ? Options.CgroupParent : definition.HostConfig.CgroupParent;
        return $"{parent.TrimEnd('/')}/{definition.Id}";
    }
}
