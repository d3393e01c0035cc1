using System.Text;
using Berth.Images.Spec;
using Berth.Images.Store;
using Berth.Images.Tar;

namespace Berth.Images.Archives;

/// <summary>
/// Writes images as one archive for every reader: an OCI layout, with <c>manifest.json</c> and <c>repositories</c> for
/// <c>docker load</c> and older tools. The same images always give the same bytes.
/// </summary>
internal static class ImageSaver
{
    private const string Blobs = "blobs/sha256/";

    public static async Task SaveAsync(StoreContent content, IReadOnlyList<(Image Image, ImageReference? Reference)> images, Stream output, CancellationToken cancellation)
    {
        List<(Image Image, List<ImageReference> References)> merged = Merge(images);
        await using var buffered = new BufferedStream(new Layers.NonClosingStream(output), 1 << 18);
        var writer = new TarWriter(buffered);
        await WriteDirectoryAsync(writer, "blobs/", cancellation);
        await WriteDirectoryAsync(writer, Blobs, cancellation);
        IEnumerable<Digest> blobs = merged.SelectMany(item => item.Image.Manifest.Layers.Select(layer => layer.Digest)
            .Append(item.Image.ManifestDigest).Append(item.Image.Manifest.Config.Digest));
        foreach (Digest blob in blobs.Distinct().OrderBy(blob => blob.Hex, StringComparer.Ordinal))
        {
            await WriteBlobAsync(content, writer, blob, cancellation);
        }
        var index = new ImageIndex { MediaType = MediaTypes.OciIndex, Manifests = [.. merged.SelectMany(item => Descriptors(content, item.Image, item.References))] };
        await writer.WriteFileAsync("index.json", ImageJson.Write(index, ImageJson.Default.ImageIndex), default, cancellation);
        await writer.WriteFileAsync("manifest.json", ImageJson.Write(DockerManifest(merged), ImageJson.Default.ListDockerArchiveItem), default, cancellation);
        await writer.WriteFileAsync("oci-layout", ImageJson.Write(new OciLayoutFile(), ImageJson.Default.OciLayoutFile), default, cancellation);
        if (merged.Any(item => item.References.Count > 0))
        {
            await writer.WriteFileAsync("repositories", Repositories(merged), default, cancellation);
        }
        await writer.CompleteAsync(cancellation);
    }

    private static List<(Image, List<ImageReference>)> Merge(IReadOnlyList<(Image Image, ImageReference? Reference)> images) =>
        [.. images.GroupBy(item => item.Image.Id).Select(group =>
            (group.First().Image, group.Where(item => item.Reference is { Tag: not null }).Select(item => item.Reference!.Value).Distinct().ToList()))];

    private static ValueTask WriteDirectoryAsync(TarWriter writer, string name, CancellationToken cancellation) =>
        writer.WriteEntryAsync(new TarEntry { Name = name, Type = TarEntryType.Directory, Mode = 0x1ED /* 0755 */ }, cancellation);

    private static async Task WriteBlobAsync(StoreContent content, TarWriter writer, Digest blob, CancellationToken cancellation)
    {
        await using FileStream file = content.OpenBlob(blob);
        await writer.WriteEntryAsync(new TarEntry { Name = Blobs + blob.Hex, Type = TarEntryType.File, Mode = 0x1A4 /* 0644 */, Size = file.Length }, cancellation);
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(1 << 18);
        try
        {
            while (await file.ReadAsync(buffer, cancellation) is > 0 and int count)
            {
                await writer.WriteDataAsync(buffer.AsMemory(0, count), cancellation);
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static IEnumerable<Descriptor> Descriptors(StoreContent content, Image image, List<ImageReference> references)
    {
        var plain = new Descriptor
        {
            MediaType = image.Manifest.MediaType ?? MediaTypes.OciManifest,
            Digest = image.ManifestDigest,
            Size = new FileInfo(content.Paths.Blob(image.ManifestDigest)).Length,
            Platform = new Platform { Architecture = image.Config.Architecture, Os = image.Config.Os, Variant = image.Config.Variant },
        };
        return references.Count == 0
            ? [plain]
            : references.Select(reference => plain with
            {
                Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
                {
                    ["io.containerd.image.name"] = reference.ToString(),
                    ["org.opencontainers.image.ref.name"] = reference.Tag!,
                },
            });
    }

    private static List<DockerArchiveItem> DockerManifest(List<(Image Image, List<ImageReference> References)> images) =>
        [.. images.Select(item => new DockerArchiveItem
        {
            Config = Blobs + item.Image.Manifest.Config.Digest.Hex,
            RepoTags = [.. item.References.Select(reference => reference.Familiar)],
            Layers = [.. item.Image.Manifest.Layers.Select(layer => Blobs + layer.Digest.Hex)],
        })];

    private static byte[] Repositories(List<(Image Image, List<ImageReference> References)> images)
    {
        var repositories = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        foreach ((Image image, List<ImageReference> references) in images)
        {
            foreach (ImageReference reference in references)
            {
                Dictionary<string, string> tags = repositories.TryGetValue(reference.FamiliarName, out Dictionary<string, string>? known) ? known : repositories[reference.FamiliarName] = [];
                tags[reference.Tag!] = image.Manifest.Layers.Count > 0 ? image.Manifest.Layers[^1].Digest.Hex : image.Manifest.Config.Digest.Hex;
            }
        }
        return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(ImageJson.Write(repositories, ImageJson.Default.DictionaryStringDictionaryStringString)) + "\n");
    }
}
