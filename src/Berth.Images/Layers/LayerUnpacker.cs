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
        IReadOnlyList<Digest> diffIds = config.Rootfs.DiffIds;
        if (diffIds.Count != manifest.Layers.Count)
        {
            throw ImageException.BadArchive($"the manifest has {manifest.Layers.Count} layers, but the config names {diffIds.Count}");
        }
        IReadOnlyList<Digest> chain = LayerChain.Of(diffIds);
        for (int i = 0; i < chain.Count; i++)
        {
            session.Pin(chain[i]);
            using IDisposable only = await session.Content.Unpacking.EnterAsync(chain[i], cancellation);
            if (!session.Content.Catalog.Current.Layers.ContainsKey(chain[i]))
            {
                await UnpackAsync(session.Content, manifest.Layers[i], diffIds[i], chain, i, progress, cancellation);
            }
        }
    }

    private static async Task UnpackAsync(StoreContent content, Descriptor blob, Digest diffId, IReadOnlyList<Digest> chain, int index,
        IProgress<ImageProgress>? progress, CancellationToken cancellation)
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
        IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        await using FileStream file = content.OpenBlob(blob.Digest);
        await using var counted = new ProgressStream(file, diffId.Hex[..12], "Loading layer", file.Length, progress);
        await using var tar = new HashingStream(await Compression.OpenAsync(counted, content.Limits, cancellation));
        using var reader = new TarReader(tar, content.Limits);
        var options = new TarExtractOptions { IsLayer = true, Limits = content.Limits };
        TarExtractResult result = await TarExtractor.ExtractAsync(reader, root, lower, options, cancellation);
        await reader.DrainAsync(cancellation);
        return tar.Current == diffId
            ? result
            : throw ImageException.BadArchive($"a layer has diff id {tar.Current}, but the config announces {diffId}");
    }
}
