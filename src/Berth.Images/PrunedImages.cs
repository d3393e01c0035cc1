namespace Berth.Images;

/// <summary>Result of a prune.</summary>
/// <param name="Removed">What was untagged and deleted.</param>
/// <param name="SpaceReclaimed">Bytes freed.</param>
public sealed record PrunedImages(IReadOnlyList<RemovedImage> Removed, long SpaceReclaimed);
