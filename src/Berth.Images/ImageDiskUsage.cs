namespace Berth.Images;

/// <summary>Room the images take.</summary>
/// <param name="LayersSize">Bytes of all layers, each counted once.</param>
/// <param name="Images">The images.</param>
public sealed record ImageDiskUsage(long LayersSize, IReadOnlyList<ImageSummary> Images);
