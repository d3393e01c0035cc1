using Berth.Images.Spec;
using Berth.Images.Store;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>Turns layer blobs into overlay lower directories, each stack of layers once.</summary>
internal static class LayerUnpacker
{
    /// <summary>
    /// Makes sure that every layer of an image is unpacked. A layer appears under its chain id only when it is complete, its
    /// digest is the announced one, and it is on disk.
    /// </summary>
    public static async Task EnsureAsync(
        IngestSession session, ImageManifest manifest, ImageConfig config, IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<Digest> chain = Chain(manifest, config);
        for (int i = 0; i < chain.Count; i++)
        {
            var shown = new LayerProgress(config.Rootfs.DiffIds[i].Hex[..12], "Loading layer", progress);
            await EnsureLayerAsync(session, manifest.Layers[i], config.Rootfs.DiffIds[i], chain, i, shown, cancellation);
        }
    }

    /// <summary>The chain ids of an image whose manifest and configuration agree.</summary>
    /// <exception cref="ImageException">They do not.</exception>
    public static IReadOnlyList<Digest> Chain(ImageManifest manifest, ImageConfig config) => config.Rootfs.DiffIds.Count == manifest.Layers.Count
        ? LayerChain.Of(config.Rootfs.DiffIds)
        : throw ImageException.BadArchive($"the manifest has {manifest.Layers.Count} layers, but the config names {config.Rootfs.DiffIds.Count}");

    /// <summary>Makes sure that one layer is unpacked; those below it must be.</summary>
    public static async Task EnsureLayerAsync(
        IngestSession session, Descriptor blob, Digest diffId, IReadOnlyList<Digest> chain, int index, LayerProgress progress, CancellationToken cancellation)
    {
        session.Pin(chain[index]);
        using IDisposable only = await session.Content.Unpacking.EnterAsync(chain[index], cancellation);
        if (!session.Content.Catalog.Current.Layers.ContainsKey(chain[index]))
        {
            await UnpackAsync(session.Content, blob, diffId, chain, index, progress, cancellation);
        }
    }

    private static async Task UnpackAsync(StoreContent content, Descriptor blob, Digest diffId, IReadOnlyList<Digest> chain, int index,
        LayerProgress progress, CancellationToken cancellation)
    {
        string staging = content.Paths.NewStaging("layer");
        try
        {
            Directory.CreateDirectory(staging, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            TarExtractResult result;
            using (FileDescriptor root = Libc.Open(staging, Libc.O_RDONLY | Libc.O_DIRECTORY))
            using (var lower = new LowerView(chain.Take(index).Reverse().Select(content.Paths.Layer)))
            {
                result = await ExtractAsync(content, blob, diffId, root, lower, progress, cancellation);
                Libc.SyncFileSystem(root);
            }
            string final = content.Paths.Layer(chain[index]);
            StoreContent.DeleteTree(final); // left without a record by a crash after this rename
            Libc.RenameAt(null, staging, null, final);
            StoreCatalog.SyncDirectory(content.Paths.Layers);
            content.Catalog.Update(state => state.Layers[chain[index]] = new LayerRecord { DiffId = diffId, Size = result.Bytes });
        }
        finally
        {
            StoreContent.DeleteTree(staging);
        }
    }

    private static async Task<TarExtractResult> ExtractAsync(StoreContent content, Descriptor blob, Digest diffId, FileDescriptor root, LowerView lower,
        LayerProgress progress, CancellationToken cancellation)
    {
        await using FileStream file = content.OpenBlob(blob.Digest);
        await using var counted = new ProgressStream(file, progress.Id, progress.Status, file.Length, progress.Target);
        await using var tar = new HashingStream(await Compression.OpenAsync(counted, content.Limits, cancellation, isLayer: true));
        using var reader = new TarReader(tar, content.Limits);
        var options = new TarExtractOptions { IsLayer = true, Limits = content.Limits };
        TarExtractResult result = await TarExtractor.ExtractAsync(reader, root, lower, options, cancellation);
        await reader.DrainAsync(cancellation);
        return tar.Current == diffId
            ? result
            : throw ImageException.BadArchive($"a layer has diff id {tar.Current}, but the config announces {diffId}");
    }
}
