namespace Berth.Containers.Spec;

/// <summary>One mount, made in the order listed. [OCI-RT] config.md, Mounts.</summary>
public sealed record MountSpec
{
    public string Destination { get => field ?? ""; init; }

    public string? Type { get; init; }

    public string? Source { get; init; }

    /// <summary>Directories that lie over each other, the topmost first, and are bound in the source's stead. Not part of the specification.</summary>
    public IReadOnlyList<string> Layers { get => field ?? []; init; }

    /// <summary>What of a bind's source is shown, below it: links on the way lead nowhere else. Not part of the specification.</summary>
    public string? Subpath { get; init; }

    public IReadOnlyList<string> Options { get => field ?? []; init; }

    public IReadOnlyList<IdMapping> UidMappings { get => field ?? []; init; }

    public IReadOnlyList<IdMapping> GidMappings { get => field ?? []; init; }
}
