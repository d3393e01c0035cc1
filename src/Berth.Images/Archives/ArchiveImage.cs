using Berth.Images.Spec;

namespace Berth.Images.Archives;

/// <summary>An image found in an archive: its manifest is a stored blob, and every blob it names is stored too.</summary>
internal sealed record ArchiveImage(Descriptor ManifestBlob, ImageManifest Manifest, ImageConfig Config, IReadOnlyList<ImageReference> References);
