using System.Collections.ObjectModel;

namespace Berth.Containers.Spec;

/// <summary>What only Linux has. [OCI-RT] config-linux.md.</summary>
public sealed record LinuxSpec
{
    public IReadOnlyList<NamespaceSpec> Namespaces { get => field ?? []; init; }

    public IReadOnlyList<IdMapping> UidMappings { get => field ?? []; init; }

    public IReadOnlyList<IdMapping> GidMappings { get => field ?? []; init; }

    public IReadOnlyDictionary<string, TimeOffset> TimeOffsets { get => field ?? ReadOnlyDictionary<string, TimeOffset>.Empty; init; }

    public IReadOnlyList<DeviceSpec> Devices { get => field ?? []; init; }

    public string? CgroupsPath { get; init; }

    public LinuxResources? Resources { get; init; }

    public IReadOnlyDictionary<string, string> Sysctl { get => field ?? ReadOnlyDictionary<string, string>.Empty; init; }

    public SeccompSpec? Seccomp { get; init; }

    public string? RootfsPropagation { get; init; }

    public IReadOnlyList<string> MaskedPaths { get => field ?? []; init; }

    public IReadOnlyList<string> ReadonlyPaths { get => field ?? []; init; }

    public string? MountLabel { get; init; }

    public PersonalitySpec? Personality { get; init; }
}
