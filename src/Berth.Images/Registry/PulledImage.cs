namespace Berth.Images.Registry;

/// <summary>What a pull brought.</summary>
/// <param name="Image">The image.</param>
/// <param name="Digest">Digest that the registry serves under the name: of the manifest, or of the index that leads to it.</param>
/// <param name="WasPresent">The store had it already under that name.</param>
public sealed record PulledImage(Image Image, Digest Digest, bool WasPresent);
