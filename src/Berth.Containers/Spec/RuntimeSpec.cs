using System.Collections.ObjectModel;

namespace Berth.Containers.Spec;

/// <summary>A container's configuration, <c>config.json</c>. [OCI-RT] config.md.</summary>
public sealed record RuntimeSpec
{
    public string OciVersion { get => field ?? ""; init; }

    public ProcessSpec? Process { get; init; }

    public RootSpec? Root { get; init; }

    public string? Hostname { get; init; }

    public string? Domainname { get; init; }

    public IReadOnlyList<MountSpec> Mounts { get => field ?? []; init; }

    public HooksSpec? Hooks { get; init; }

    public IReadOnlyDictionary<string, string> Annotations { get => field ?? ReadOnlyDictionary<string, string>.Empty; init; }

    public LinuxSpec? Linux { get; init; }
}
