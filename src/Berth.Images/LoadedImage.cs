namespace Berth.Images;

/// <summary>An image that a load brought in.</summary>
/// <param name="Image">The image.</param>
/// <param name="References">Familiar names the archive gave it; empty when it came without.</param>
public sealed record LoadedImage(Image Image, IReadOnlyList<string> References);
