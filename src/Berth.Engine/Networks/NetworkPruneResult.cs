namespace Berth.Engine.Networks;

/// <summary>What a prune of networks removed.</summary>
/// <param name="NetworksDeleted">Names.</param>
public sealed record NetworkPruneResult(IReadOnlyList<string> NetworksDeleted);
