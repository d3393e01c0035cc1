using Berth.Containers.Security;
using Berth.Containers.Spec;

namespace Berth.Engine.Planning;

/// <summary>What the specification needs beyond the instance's definition.</summary>
internal sealed record SpecInputs
{
    public required HostFacts Host { get; init; }

    public required string CgroupPath { get; init; }

    /// <summary>Directory that holds hosts, hostname and resolv.conf.</summary>
    public required string FilesDirectory { get; init; }

    /// <summary>Process whose namespaces <c>container:</c> modes join, by name or id.</summary>
    public required Func<string, int> PidOf { get; init; }

    /// <summary>Whether an instance, by name or id, has a user namespace apart from the host's.</summary>
    public Func<string, bool> HasOwnUsers { get; init; } = static _ => true;

    /// <summary>Filter of a profile (null = default) for a set of capabilities.</summary>
    public required Func<string?, CapabilitySet, SeccompSpec?> Seccomp { get; init; }

    /// <summary>Layers of an image by id, the topmost first.</summary>
    public Func<string, IReadOnlyList<string>> LayersOf { get; init; } = static _ => [];

    /// <summary>Nodes behind a device mapping.</summary>
    public Func<Configuration.DeviceMapping, IEnumerable<(DeviceSpec Node, DeviceRule Rule)>> Devices { get; init; } = DeviceRules.Resolve;
}
