using Berth.Images.Spec;
using Berth.Images.Store;

namespace Berth.Images.Archives;

/// <summary>Finds the images of an OCI layout, through nested indexes, for this host's platform.</summary>
internal sealed class OciIndexReader(ArchiveFiles files, IngestSession session)
{
    private const int MaxDepth = 4;
    private const string RefName = "org.opencontainers.image.ref.name";
    private const string ContainerdName = "io.containerd.image.name";

    /// <summary>The images of <c>index.json</c>; those whose blobs are not in the archive are left out unless nothing else is there.</summary>
    public IReadOnlyList<ArchiveImage> Read(Descriptor indexFile)
    {
        byte[] json = session.Content.ReadBlob(indexFile.Digest, ImageJson.MaxManifestBytes, "index.json");
        ImageIndex index = ImageJson.Read(json, ImageJson.Default.ImageIndex, "index.json").Checked();
        var images = new List<ArchiveImage>();
        foreach (Descriptor entry in index.Manifests.Where(IsImage))
        {
            if (Select(entry, 0) is { } manifest)
            {
                images.Add(Build(manifest, Names(entry)));
            }
        }
        return images;
    }

    /// <summary>Reads one manifest of the archive and checks that everything it names is there.</summary>
    public ArchiveImage Build(Descriptor descriptor, IReadOnlyList<ImageReference> names)
    {
        Descriptor blob = Require(descriptor, "manifest");
        byte[] json = session.Content.ReadBlob(blob.Digest, ImageJson.MaxManifestBytes, "manifest");
        ImageManifest manifest = ImageJson.Read(json, ImageJson.Default.ImageManifest, "manifest").Checked();
        Require(manifest.Config, "config");
        foreach (Descriptor layer in manifest.Layers)
        {
            Require(layer, "layer");
        }
        byte[] configJson = session.Content.ReadBlob(manifest.Config.Digest, ImageJson.MaxConfigBytes, "config");
        ImageConfig config = ImageJson.Read(configJson, ImageJson.Default.ImageConfig, "config").Checked();
        return new ArchiveImage(blob with { MediaType = manifest.MediaType ?? MediaTypes.OciManifest }, manifest, config, names);
    }

    private Descriptor? Select(Descriptor descriptor, int depth)
    {
        if (!MediaTypes.IsIndex(descriptor.MediaType))
        {
            return files.Find(descriptor.Digest) is null && depth > 0 ? null : descriptor;
        }
        if (depth >= MaxDepth)
        {
            throw ImageException.BadArchive($"indexes nested more than {MaxDepth} deep");
        }
        Descriptor blob = Require(descriptor, "index");
        byte[] json = session.Content.ReadBlob(blob.Digest, ImageJson.MaxManifestBytes, "index");
        ImageIndex index = ImageJson.Read(json, ImageJson.Default.ImageIndex, "index").Checked();
        return index.Manifests.Where(IsImage).OrderBy(entry => entry.Platform?.Architecture == Platform.HostArchitecture ? 0 : 1)
            .Select(entry => Select(entry, depth + 1)).FirstOrDefault(found => found is not null)
            ?? throw ImageException.BadArchive($"index {descriptor.Digest} has no linux/{Platform.HostArchitecture} image in this archive");
    }

    // BuildKit puts attestations beside images, with the platform unknown/unknown.
    private static bool IsImage(Descriptor descriptor) =>
        (MediaTypes.IsIndex(descriptor.MediaType) || MediaTypes.IsManifest(descriptor.MediaType) || descriptor.MediaType is null)
        && descriptor.Platform?.Os is null or "" or "linux";

    private Descriptor Require(Descriptor descriptor, string what)
    {
        Descriptor file = files.Find(descriptor.Digest) ?? throw ImageException.BadArchive($"{what} {descriptor.Digest} is not in the archive");
        return file.Size == descriptor.Size
            ? file with { MediaType = descriptor.MediaType }
            : throw ImageException.BadArchive($"{what} {descriptor.Digest} has {file.Size} bytes, but its descriptor says {descriptor.Size}");
    }

    private static List<ImageReference> Names(Descriptor entry)
    {
        var names = new List<ImageReference>();
        if (entry.Annotations?.GetValueOrDefault(ContainerdName) is { Length: > 0 } full)
        {
            names.Add(ImageReference.Parse(full).WithDefaultTag());
        }
        else if (entry.Annotations?.GetValueOrDefault(RefName) is { Length: > 0 } name && ImageReference.TryParse(name, out ImageReference reference))
        {
            // A bare tag ("latest", "v1") also reads as a repository; only something that is clearly a name is taken as one.
            if (name.AsSpan().IndexOfAny('/', ':') >= 0)
            {
                names.Add(reference.WithDefaultTag());
            }
        }
        return names;
    }
}
