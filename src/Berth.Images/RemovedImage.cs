namespace Berth.Images;

/// <summary>One effect of a removal: exactly one of the two is set.</summary>
/// <param name="Untagged">A familiar name that was taken off.</param>
/// <param name="Deleted">An image id that is gone.</param>
public sealed record RemovedImage(string? Untagged, string? Deleted);
