namespace Berth.Engine.Instances;

/// <summary>What a prune of instances removed.</summary>
public sealed record PruneResult
{
    /// <summary>Ids.</summary>
    public IReadOnlyList<string> ContainersDeleted { get; init; } = [];

    /// <summary>Bytes.</summary>
    public long SpaceReclaimed { get; init; }
}
