namespace Berth.Images;

/// <summary>A step of a long operation.</summary>
/// <param name="Id">What it is about: a layer's short digest, or null for the whole.</param>
/// <param name="Status">What is being done, such as <c>Loading layer</c>.</param>
/// <param name="Current">Bytes or items done.</param>
/// <param name="Total">Bytes or items in all, 0 when unknown.</param>
/// <param name="Percent">The counters are parts of the whole, no bytes.</param>
public sealed record ImageProgress(string? Id, string Status, long Current = 0, long Total = 0, bool Percent = false);
