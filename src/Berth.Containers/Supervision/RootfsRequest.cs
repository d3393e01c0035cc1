namespace Berth.Containers.Supervision;

/// <summary>What becomes <c>/</c> of the container, as it travels to the supervisor: an overlay or one directory.</summary>
public sealed record RootfsRequest
{
    /// <summary>A directory used as it is; null for an overlay.</summary>
    public string? Directory { get; init; }

    /// <summary>Overlay: lower directories, topmost first.</summary>
    public IReadOnlyList<string> LowerDirectories { get => field ?? []; init; }

    /// <summary>Overlay: where changes go.</summary>
    public string? UpperDirectory { get; init; }

    /// <summary>Overlay: scratch directory on the same file system as <see cref="UpperDirectory"/>.</summary>
    public string? WorkDirectory { get; init; }
}
