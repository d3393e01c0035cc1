namespace Berth.Engine.Volumes;

/// <summary>What a prune of volumes removed.</summary>
public sealed record VolumePruneResult
{
    /// <summary>Names.</summary>
    public IReadOnlyList<string> VolumesDeleted { get; init; } = [];

    /// <summary>Bytes.</summary>
    public long SpaceReclaimed { get; init; }
}
