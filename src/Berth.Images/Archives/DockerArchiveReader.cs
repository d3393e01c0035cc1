using Berth.Images.Layers;
using Berth.Images.Spec;
using Berth.Images.Store;

namespace Berth.Images.Archives;

/// <summary>Finds the images of a <c>docker save</c> archive through its <c>manifest.json</c>.</summary>
internal sealed class DockerArchiveReader(ArchiveFiles files, IngestSession session)
{
    private const int MaxImages = 1000;

    /// <summary>The images; where the archive also has an OCI manifest for one (<paramref name="known"/>), that manifest is kept.</summary>
    public IReadOnlyList<ArchiveImage> Read(Descriptor manifestFile, IReadOnlyList<ArchiveImage> known)
    {
        byte[] json = session.Content.ReadBlob(manifestFile.Digest, ImageJson.MaxManifestBytes, "manifest.json");
        List<DockerArchiveItem> items = ImageJson.Read(json, ImageJson.Default.ListDockerArchiveItem, "manifest.json");
        if (items.Count > MaxImages)
        {
            throw ImageException.BadArchive($"manifest.json names {items.Count} images, more than {MaxImages}");
        }
        return [.. items.Select(item => Build(item ?? throw ImageException.BadArchive("manifest.json holds null"), known))];
    }

    private ArchiveImage Build(DockerArchiveItem item, IReadOnlyList<ArchiveImage> known)
    {
        List<ImageReference> names = [.. (item.RepoTags ?? []).Select(Name)];
        Descriptor config = Require(item.Config, "Config");
        if (known.FirstOrDefault(image => image.Manifest.Config.Digest == config.Digest) is { } same)
        {
            return same with { References = names };
        }
        byte[] json = session.Content.ReadBlob(config.Digest, ImageJson.MaxConfigBytes, "config");
        ImageConfig parsed = ImageJson.Read(json, ImageJson.Default.ImageConfig, "config").Checked();
        if ((item.Layers?.Count ?? 0) > ImageValidation.MaxLayers)
        {
            throw ImageException.BadArchive($"manifest.json: {item.Layers!.Count} layers, more than {ImageValidation.MaxLayers}");
        }
        ImageManifest manifest = new ImageManifest
        {
            MediaType = MediaTypes.OciManifest,
            Config = config with { MediaType = MediaTypes.OciConfig },
            Layers = [.. (item.Layers ?? []).Select(name => Require(name, "a layer")).Select(layer => layer with { MediaType = Sniff(layer) })],
        }.Checked();
        Descriptor blob = session.Add(ImageJson.Write(manifest, ImageJson.Default.ImageManifest), MediaTypes.OciManifest);
        return new ArchiveImage(blob, manifest, parsed, names);
    }

    private static ImageReference Name(string? name) => ImageReference.Parse(name ?? "") is { Tag: not null, Digest: null } reference
        ? reference
        : throw ImageException.BadArchive($"manifest.json: RepoTags holds \"{ImageException.Printable(name ?? "")}\", which has no tag");

    private string Sniff(Descriptor layer)
    {
        Span<byte> start = stackalloc byte[6];
        using FileStream file = session.Content.OpenBlob(layer.Digest);
        return Compression.LayerMediaType(start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
    }

    private Descriptor Require(string? name, string field) =>
        files.Find(string.Join('/', ArchivePath.Split(name ?? "", name ?? ""))) ??
        throw ImageException.BadArchive($"manifest.json: {field} \"{ImageException.Printable(name ?? "")}\" is not in the archive");
}
