using System.Globalization;
using Berth.Images.Archives;
using Berth.Images.Layers;
using Berth.Images.Spec;
using Berth.Images.Store;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Building;

/// <summary>
/// One build's hold on the store: what it uses stays while it lasts, what it commits is in the cache from then on, and its directories go with
/// it. Safe for the concurrent stages of one build.
/// </summary>
public sealed class BuildSession : IDisposable
{
    private readonly StoreContent _content;
    private readonly IngestSession _ingest;
    private readonly string _directory;
    private int _directories;

    internal BuildSession(StoreContent content)
    {
        _content = content;
        _ingest = new IngestSession(content);
        _directory = content.Paths.NewStaging("build");
        Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Layers that an image may have: what overlayfs and Docker take.</summary>
    public const int MaxLayers = 127;

    /// <summary>A new empty directory, gone with the session.</summary>
    public string NewDirectory()
    {
        string path = Path.Combine(_directory, Interlocked.Increment(ref _directories).ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Removes one of <see cref="NewDirectory"/> before the session ends.</summary>
    public static void DeleteDirectory(string path)
    {
        using FileDescriptor parent = Libc.Open(Path.GetDirectoryName(path)!, Libc.O_RDONLY | Libc.O_DIRECTORY);
        TreeRemoval.Remove(parent, Path.GetFileName(path));
    }

    /// <summary>The layers of an image.</summary>
    /// <exception cref="ImageException">It was removed at this moment.</exception>
    public LayerList Use(Image image)
    {
        var stack = new LayerList([.. image.Manifest.Layers.Zip(image.Config.Rootfs.DiffIds, static (blob, diffId) =>
            new StackLayer { MediaType = blob.MediaType ?? MediaTypes.OciLayer, Digest = blob.Digest, Size = blob.Size, DiffId = diffId })]);
        return TryPin(stack) ? stack : throw new ImageException(ImageErrorCode.NotFound, $"image {image.Id} was removed while it was used: build again");
    }

    /// <summary>Overlay lower directories of a stack, topmost first; an empty one for no layers.</summary>
    public IReadOnlyList<string> Directories(LayerList stack) => stack.Count == 0 ? [NewDirectory()] : [.. stack.Chain.Reverse().Select(_content.Paths.Layer)];

    /// <summary>A step's result, if it was built before.</summary>
    public CachedStep? Find(Digest key)
    {
        if (_content.Steps.Find(key) is not { } record || !TryPin(record.Stack))
        {
            return null;
        }
        _content.Steps.Touch(key);
        return new CachedStep(record.Stack, record.Created);
    }

    /// <summary>Puts what an overlay upper directory holds on top of a stack; the same stack when it holds nothing.</summary>
    /// <param name="below">The stack.</param>
    /// <param name="upperDirectory">The directory.</param>
    /// <param name="latest">Later times are written as this one.</param>
    /// <param name="cancellation">Stops it; then nothing is kept.</param>
    /// <exception cref="ImageException">The layer cannot be stored, or it is one too many.</exception>
    public async Task<LayerList> CommitAsync(LayerList below, string upperDirectory, TarTime? latest, CancellationToken cancellation)
    {
        if (!Directory.EnumerateFileSystemEntries(upperDirectory).Any())
        {
            return below;
        }
        if (below.Count == MaxLayers)
        {
            throw new ImageException(ImageErrorCode.InvalidParameter, $"the image would have more than {MaxLayers} layers: join RUN and COPY instructions");
        }
        return await ImageStore.OnFullDiskAsync(_content, async () =>
        {
            Descriptor blob;
            using (BlobWriter writer = _ingest.NewBlob())
            {
                await LayerTarWriter.WriteUpperAsync(upperDirectory, writer, cancellation, latest, Directories(below));
                blob = _ingest.Commit(writer, MediaTypes.OciLayer);
            }
            var stack = new LayerList([.. below.Layers, new StackLayer { MediaType = MediaTypes.OciLayer, Digest = blob.Digest, Size = blob.Size, DiffId = blob.Digest }]);
            await LayerUnpacker.EnsureLayerAsync(_ingest, blob, blob.Digest, stack.Chain, below.Count, new LayerProgress("", "", null), cancellation);
            return stack;
        });
    }

    /// <summary>Unpacks the layer that a virtual machine made on top of a stack, as an overlay upper directory holds it. The machine may have written anything.</summary>
    /// <param name="below">The stack.</param>
    /// <param name="layer">A tar, not compressed.</param>
    /// <param name="upperDirectory">An empty directory.</param>
    /// <param name="cancellation">Stops it half way.</param>
    /// <exception cref="ImageException">It is no layer, or goes beyond a limit.</exception>
    public Task UnpackAsync(LayerList below, Stream layer, string upperDirectory, CancellationToken cancellation) => ImageStore.OnFullDiskAsync(_content, async () =>
    {
        using FileDescriptor root = Libc.Open(upperDirectory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        using var lower = new LowerView(Directories(below));
        using var reader = new TarReader(layer, _content.Limits) { RequireEndMark = true };
        return await TarExtractor.ExtractAsync(reader, root, lower, new TarExtractOptions { IsLayer = true, Limits = _content.Limits }, cancellation);
    });

    /// <summary>Keeps a step's result in the cache.</summary>
    public CachedStep Record(Digest key, LayerList below, LayerList stack, string description, DateTimeOffset? created)
    {
        DateTimeOffset now = _content.Time.GetUtcNow();
        _content.Steps.Add(key, new StepRecord
        {
            Created = created ?? now,
            LastUsed = now,
            Description = description.Length <= 256 ? description : description[..256],
            Size = stack.Count > below.Count && _content.Catalog.Current.Layers.TryGetValue(stack.Chain[^1], out LayerRecord? layer) ? layer.Size : 0,
            Layers = stack.Layers,
        });
        return new CachedStep(stack, created ?? now);
    }

    /// <summary>Makes the image.</summary>
    /// <param name="config">Its configuration; layers and times are filled in.</param>
    /// <param name="stack">Its layers.</param>
    /// <param name="created">When it was made; null = now, or when the same image was made before.</param>
    /// <param name="reuses">Whether an earlier time may be taken.</param>
    /// <param name="names">Its names.</param>
    /// <param name="cancellation">Stops it; then there is no image.</param>
    public async Task<string> FinishAsync(ImageConfig config, LayerList stack, DateTimeOffset? created, bool reuses, IReadOnlyList<ImageReference> names, CancellationToken cancellation)
    {
        config = config with { Created = null, Rootfs = new RootFs { DiffIds = [.. stack.Layers.Select(layer => layer.DiffId)] } };
        Digest key = Digest.Of([.. "image "u8, .. ImageJson.Write(config.Checked(), ImageJson.Default.ImageConfig)]);
        DateTimeOffset made = created ?? (reuses ? Find(key)?.Created : null) ?? Record(key, stack, stack, "image", null).Created;
        config = config with
        {
            Created = made.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture),
        };
        return await ImageStore.OnFullDiskAsync(_content, () =>
        {
            Descriptor configBlob = _ingest.Add(ImageJson.Write(config.Checked(), ImageJson.Default.ImageConfig), MediaTypes.OciConfig);
            ImageManifest manifest = new ImageManifest { MediaType = MediaTypes.OciManifest, Config = configBlob, Layers = [.. stack.Layers.Select(layer => layer.Blob)] }.Checked();
            Descriptor manifestBlob = _ingest.Add(ImageJson.Write(manifest, ImageJson.Default.ImageManifest), MediaTypes.OciManifest);
            cancellation.ThrowIfCancellationRequested();
            _content.Catalog.Update(next => ImageLoader.Register(next, configBlob.Digest, manifestBlob.Digest, names.Select(name => name.WithDefaultTag()), _content.Time.GetUtcNow()));
            return Task.FromResult(configBlob.Digest.ToString());
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        DeleteDirectory(_directory);
        _ingest.Dispose();
        _content.Collect();
    }

    // Pinned first: what is there then stays.
    private bool TryPin(LayerList stack)
    {
        foreach (Digest pin in stack.Pins)
        {
            _ingest.Pin(pin);
        }
        return _content.IsWhole(stack);
    }
}
