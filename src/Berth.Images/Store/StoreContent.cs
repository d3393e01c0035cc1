using System.Collections.Concurrent;
using Berth.Images.Building;
using Berth.Images.Spec;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Store;

/// <summary>Blobs and layers below one root, the catalog of what is alive, and the sweep of what is not.</summary>
internal sealed class StoreContent : IDisposable
{
    private readonly FileLock _lock;
    private readonly ConcurrentDictionary<Digest, (ImageManifest, ImageConfig)> _parsed = new();

    public StoreContent(string root, ArchiveLimits limits, TimeProvider time)
    {
        Paths = new StorePaths(Path.GetFullPath(root));
        Limits = limits;
        Time = time;
        foreach (string directory in (string[])[Paths.Root, Paths.Blobs, Paths.Layers, Paths.Staging, Paths.Partials, Paths.Steps])
        {
            // Layers hold setuid programs and device nodes: nobody but root may walk in.
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        _lock = FileLock.TryTake(Paths.Lock)
            ?? throw new ImageException(ImageErrorCode.Conflict, $"another process has the image store {Paths.Root} open");
        try
        {
            SweepStaging();
            Partials = new PartialBlobs(Paths, time);
            Partials.Trim();
            Catalog = new StoreCatalog(Paths);
            DropBroken();
            Steps = new StepCache(Paths, time, record => IsWhole(record.Stack));
            Collect();
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    public StorePaths Paths { get; }

    public ArchiveLimits Limits { get; }

    public TimeProvider Time { get; }

    public StoreCatalog Catalog { get; }

    /// <summary>Guards <see cref="Pins"/> and collections.</summary>
    public Lock Gate { get; } = new();

    /// <summary>How many sessions hold a blob or layer.</summary>
    public Dictionary<Digest, int> Pins { get; } = [];

    /// <summary>One holder at a time unpacks a layer.</summary>
    public KeyedGate Unpacking { get; } = new();

    /// <summary>Downloads that broke off.</summary>
    public PartialBlobs Partials { get; }

    /// <summary>Results of build steps.</summary>
    public StepCache Steps { get; }

    /// <summary>One holder at a time downloads a blob.</summary>
    public KeyedGate Downloading { get; } = new();

    public bool HasBlob(Digest digest) => File.Exists(Paths.Blob(digest));

    public FileStream OpenBlob(Digest digest) =>
        new(Paths.Blob(digest), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, FileOptions.SequentialScan);

    /// <summary>Reads a small blob and checks its digest again.</summary>
    public byte[] ReadBlob(Digest digest, int maxBytes, string what)
    {
        using FileStream file = OpenBlob(digest);
        if (file.Length > maxBytes)
        {
            throw ImageException.BadArchive($"{what} has {file.Length} bytes, more than {maxBytes}");
        }
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return Digest.Of(bytes) == digest
            ? bytes
            : throw new ImageException(ImageErrorCode.System, $"{what} {digest} is damaged on disk: remove the image and load it again");
    }

    /// <summary>Manifest and configuration of a stored image.</summary>
    public (ImageManifest Manifest, ImageConfig Config) Parsed(Digest manifestDigest) => _parsed.GetOrAdd(manifestDigest, digest =>
    {
        ImageManifest manifest = ImageJson.Read(ReadBlob(digest, ImageJson.MaxManifestBytes, "manifest"), ImageJson.Default.ImageManifest, "manifest").Checked();
        ImageConfig config = ImageJson.Read(ReadBlob(manifest.Config.Digest, ImageJson.MaxConfigBytes, "config"), ImageJson.Default.ImageConfig, "config").Checked();
        return (manifest, config);
    });

    /// <summary>Deletes every blob and layer that neither an image nor a session needs; returns the bytes freed.</summary>
    public long Collect()
    {
        lock (Gate)
        {
            StoreState state = Catalog.Current;
            var live = new HashSet<Digest>(Pins.Keys);
            foreach (ImageRecord image in state.Images.Values)
            {
                (ImageManifest manifest, ImageConfig config) = Parsed(image.Manifest);
                live.Add(image.Manifest);
                live.Add(manifest.Config.Digest);
                live.UnionWith(manifest.Layers.Select(layer => layer.Digest));
                live.UnionWith(LayerChain.Of(config.Rootfs.DiffIds));
            }
            foreach ((_, StepRecord step) in Steps.All)
            {
                live.UnionWith(step.Stack.Pins);
            }
            if (state.Layers.Keys.Any(chain => !live.Contains(chain)))
            {
                Catalog.Update(next =>
                {
                    foreach (Digest chain in next.Layers.Keys.Where(chain => !live.Contains(chain)).ToArray())
                    {
                        next.Layers.Remove(chain);
                    }
                });
            }
            return SweepBlobs(live) + SweepLayers(state, Catalog.Current, live);
        }
    }

    /// <summary>Whether every layer of a stack is there, blob and files.</summary>
    public bool IsWhole(LayerList stack)
    {
        StoreState state = Catalog.Current;
        return stack.Layers.All(layer => HasBlob(layer.Digest)) && stack.Chain.All(chain => state.Layers.ContainsKey(chain) && Directory.Exists(Paths.Layer(chain)));
    }

    /// <summary>Chain ids of the layers that images have.</summary>
    public HashSet<Digest> LayersOfImages() => [.. Catalog.Current.Images.Values.SelectMany(image => LayerChain.Of(Parsed(image.Manifest).Config.Rootfs.DiffIds))];

    /// <summary>Removes a tree of the store's own, whatever its modes; symbolic links are not followed.</summary>
    public static void DeleteTree(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    public void Dispose() => _lock.Dispose();

    private long SweepBlobs(HashSet<Digest> live)
    {
        long freed = 0;
        foreach (FileInfo file in new DirectoryInfo(Paths.Blobs).EnumerateFiles())
        {
            if (!Digest.TryParse("sha256:" + file.Name, out Digest digest) || !live.Contains(digest))
            {
                freed += file.Length;
                file.Delete();
                _parsed.TryRemove(digest, out _);
            }
        }
        return freed;
    }

    private long SweepLayers(StoreState before, StoreState after, HashSet<Digest> live)
    {
        long freed = 0;
        foreach (string path in Directory.GetDirectories(Paths.Layers))
        {
            bool named = Digest.TryParse("sha256:" + Path.GetFileName(path), out Digest chain);
            if (named && live.Contains(chain) && (after.Layers.ContainsKey(chain) || Pins.ContainsKey(chain)))
            {
                continue;
            }
            freed += named && before.Layers.TryGetValue(chain, out LayerRecord? layer) ? layer.Size : 0;
            string doomed = Paths.NewStaging("doomed");
            Directory.Move(path, doomed); // half a layer must never stand under a layer's name
            DeleteTree(doomed);
        }
        return freed;
    }

    private void SweepStaging()
    {
        foreach (string path in Directory.GetFileSystemEntries(Paths.Staging))
        {
            if (Directory.Exists(path) && File.ResolveLinkTarget(path, false) is null)
            {
                DeleteTree(path);
            }
            else
            {
                File.Delete(path);
            }
        }
    }

    // A blob or layer that a person or a damaged disk took away: the image can no longer be used, and is better missing than broken.
    private void DropBroken()
    {
        StoreState state = Catalog.Current;
        Digest[] broken = [.. state.Images.Where(image => !IsWhole(state, image.Value)).Select(image => image.Key)];
        if (broken.Length > 0)
        {
            Catalog.Update(next => next.Forget(broken));
        }
    }

    private bool IsWhole(StoreState state, ImageRecord image)
    {
        try
        {
            (ImageManifest manifest, ImageConfig config) = Parsed(image.Manifest);
            return manifest.Layers.All(layer => HasBlob(layer.Digest))
                && LayerChain.Of(config.Rootfs.DiffIds).All(chain => state.Layers.ContainsKey(chain) && Directory.Exists(Paths.Layer(chain)));
        }
        catch (Exception e) when (e is ImageException or IOException)
        {
            return false;
        }
    }
}
