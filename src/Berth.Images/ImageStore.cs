using Berth.Images.Archives;
using Berth.Images.Spec;
using Berth.Images.Store;
using Berth.Images.Tar;

namespace Berth.Images;

/// <summary>
/// The images of one machine: blobs by digest, layers unpacked for overlayfs, names. Safe for concurrent use; one process at a
/// time. Whenever the process ends, however it does, an image is in the store whole or not at all.
/// </summary>
public sealed partial class ImageStore : IDisposable
{
    private readonly StoreContent _content;

    private ImageStore(StoreContent content) => _content = content;

    /// <summary>Opens the store below <paramref name="root"/>, makes it when it is missing, and sweeps what a crash left.</summary>
    /// <exception cref="ImageException">Another process has it open, or a newer Berth wrote it.</exception>
    public static ImageStore Open(string root, TimeProvider? time = null, ArchiveLimits? limits = null) =>
        new(new StoreContent(root, limits ?? ArchiveLimits.Default, time ?? TimeProvider.System));

    internal StoreContent Content => _content;

    /// <summary>Finds an image by name, id or the unambiguous start of an id.</summary>
    /// <exception cref="ImageException">None is there, or several begin so.</exception>
    public Image Get(string nameOrId)
    {
        StoreState state = _content.Catalog.Current;
        return Describe(state, Find(state, nameOrId).Id);
    }

    /// <summary>Like <see cref="Get"/>; false when there is none.</summary>
    public bool TryGet(string nameOrId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Image? image)
    {
        try
        {
            image = Get(nameOrId);
            return true;
        }
        catch (ImageException e) when (e.Code is ImageErrorCode.NotFound or ImageErrorCode.InvalidParameter)
        {
            image = null;
            return false;
        }
    }

    /// <summary>Puts another name on an image; a name in use moves.</summary>
    public void Tag(string nameOrId, ImageReference reference)
    {
        if (reference.Digest is not null)
        {
            throw new ImageException(ImageErrorCode.InvalidParameter, "refusing to create a tag with a digest reference");
        }
        string name = reference.WithDefaultTag().ToString();
        _content.Catalog.Update(state =>
        {
            Digest id = Find(state, nameOrId).Id;
            state.References[name] = id;
            state.Images[id] = state.Images[id] with { LastTagged = _content.Time.GetUtcNow() };
        });
    }

    /// <summary>The overlay lower directories of an image, topmost first.</summary>
    public IReadOnlyList<string> LayerDirectories(Image image) => [.. image.ChainIds.Reverse().Select(_content.Paths.Layer)];

    /// <summary>The steps an image was made in, newest first.</summary>
    public IReadOnlyList<ImageHistoryItem> History(string nameOrId)
    {
        StoreState state = _content.Catalog.Current;
        Image image = Get(nameOrId);
        var items = new List<ImageHistoryItem>();
        int layer = 0;
        foreach (HistoryEntry entry in image.Config.History ?? [])
        {
            long size = !entry.EmptyLayer && layer < image.ChainIds.Count && state.Layers.TryGetValue(image.ChainIds[layer++], out LayerRecord? record) ? record.Size : 0;
            items.Add(new ImageHistoryItem
            {
                Id = "<missing>",
                Created = new ImageConfig { Architecture = "", Os = "", Rootfs = image.Config.Rootfs, Created = entry.Created }.CreatedAt ?? DateTimeOffset.UnixEpoch,
                CreatedBy = entry.CreatedBy ?? "",
                Tags = [],
                Size = size,
                Comment = entry.Comment ?? "",
            });
        }
        if (items.Count > 0)
        {
            items[^1] = items[^1] with { Id = image.Id, Tags = image.RepoTags };
        }
        items.Reverse();
        return items;
    }

    /// <summary>Loads every image of a <c>docker save</c> archive or an OCI layout tar, plain, gzip or zstd.</summary>
    /// <exception cref="ImageException">The archive is malformed or hostile; then nothing of it is kept.</exception>
    public Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream tar, IProgress<ImageProgress>? progress, CancellationToken cancellation) =>
        LoadAsync(session => ArchiveFiles.ReadTarAsync(tar, session, cancellation), progress, cancellation);

    /// <summary>Loads every image of an OCI layout directory.</summary>
    public Task<IReadOnlyList<LoadedImage>> LoadDirectoryAsync(string directory, IProgress<ImageProgress>? progress, CancellationToken cancellation) =>
        LoadAsync(session => ArchiveFiles.ReadDirectoryAsync(directory, session, cancellation), progress, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _content.Dispose();

    private Task<IReadOnlyList<LoadedImage>> LoadAsync(
        Func<IngestSession, Task<ArchiveFiles>> read, IProgress<ImageProgress>? progress, CancellationToken cancellation) => IngestAsync(async session =>
        {
            ArchiveFiles files = await read(session);
            IReadOnlyList<(Digest Id, IReadOnlyList<ImageReference> References)> loaded = await ImageLoader.LoadAsync(session, files, progress, cancellation);
            StoreState state = _content.Catalog.Current;
            return (IReadOnlyList<LoadedImage>)[.. loaded.Select(image => new LoadedImage(Describe(state, image.Id), [.. image.References.Select(name => name.Familiar)]))];
        });

    // Whatever a session stored without a root pointing at it in the end goes away right after it.
    private async Task<T> IngestAsync<T>(Func<IngestSession, Task<T>> work)
    {
        try
        {
            using var session = new IngestSession(_content);
            return await OnFullDiskAsync(_content, () => Task.Run(() => work(session)));
        }
        finally
        {
            _content.Collect();
        }
    }
}
