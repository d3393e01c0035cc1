namespace Berth.Images.Building;

/// <summary>What a prune of the build cache took away.</summary>
/// <param name="Ids">Keys of the entries.</param>
/// <param name="Bytes">Room that became free.</param>
public sealed record PrunedSteps(IReadOnlyList<string> Ids, long Bytes);
