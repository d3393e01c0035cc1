namespace Berth.Images;

/// <summary>One line of the image list.</summary>
/// <param name="Image">The image.</param>
/// <param name="SharedSize">Bytes in layers that other images have too.</param>
public sealed record ImageSummary(Image Image, long SharedSize);
