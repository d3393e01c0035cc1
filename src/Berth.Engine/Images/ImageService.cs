using System.Collections.Concurrent;
using Berth.Disks;
using Berth.Engine.Events;
using Berth.Images;
using Berth.Images.Spec;

namespace Berth.Engine.Images;

/// <summary>The image store with the engine's rules: what instances use stays, and every change is an event. Errors are <see cref="EngineException"/>.</summary>
public sealed class ImageService
{
    private readonly EventJournal _events;
    private readonly ImageDisks _disks;
    private readonly ConcurrentDictionary<string, Task<Image>> _making = new(StringComparer.Ordinal);
    private Func<string, ImageUse?> _inUse = static _ => null;

    internal ImageService(ImageStore store, EventJournal events, ImageDisks disks)
    {
        Store = store;
        _events = events;
        _disks = disks;
    }

    /// <summary>The store itself, for reading.</summary>
    public ImageStore Store { get; }

    /// <summary>An image by name, id or unique beginning of an id; NotFound.</summary>
    public Image Get(string nameOrId) => Translated(() => Store.TryGet(nameOrId, out Image? image)
        ? image
        : throw EngineException.NotFound($"No such image: {Named(nameOrId)}"));

    /// <summary>Images, newest first.</summary>
    public IReadOnlyList<ImageSummary> List(ImageFilter? filter) => Translated(() => Store.List(filter));

    /// <summary>Steps of an image, newest first.</summary>
    public IReadOnlyList<ImageHistoryItem> History(string nameOrId) => Translated(() => Store.History(Get(nameOrId).Id));

    /// <summary>Puts a name on an image.</summary>
    public void Tag(string nameOrId, string repository, string? tag) => Translated(() =>
    {
        Image image = Get(nameOrId);
        ImageReference reference = Reference(repository, tag);
        Store.Tag(image.Id, reference);
        Publish("tag", image.Id, reference.Familiar);
        return true;
    });

    /// <summary>Removes a name, and the image with its last one.</summary>
    public IReadOnlyList<RemovedImage> Remove(string nameOrId, bool force) => Translated(() =>
    {
        string id = Get(nameOrId).Id;
        IReadOnlyList<RemovedImage> removed = Store.Remove(nameOrId, force, _inUse);
        RemoveDisks(removed);
        Publish(removed, untagged: id);
        return removed;
    });

    /// <summary>Removes images that nothing names or, with <paramref name="all"/>, that nothing uses.</summary>
    public PrunedImages Prune(bool all, ImageFilter? filter) => Translated(() =>
    {
        PrunedImages pruned = Store.Prune(all, filter, _inUse);
        RemoveDisks(pruned.Removed);
        Publish(pruned.Removed);
        return pruned;
    });

    /// <summary>Loads the images of an archive.</summary>
    public Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream tar, IProgress<ImageProgress>? progress, CancellationToken cancellationToken) => TranslatedAsync(async () =>
    {
        IReadOnlyList<LoadedImage> loaded = await Store.LoadAsync(tar, progress, cancellationToken);
        foreach (LoadedImage image in loaded)
            Publish("load", image.Image.Id, image.References.Count > 0 ? image.References[0] : image.Image.Id);
        return loaded;
    });

    /// <summary>Writes images as one archive.</summary>
    public Task SaveAsync(IReadOnlyList<string> namesOrIds, Stream output, CancellationToken cancellationToken) => TranslatedAsync(async () =>
    {
        foreach (string name in namesOrIds)
            Publish("save", Get(name).Id, name);
        await Store.SaveAsync(namesOrIds, output, cancellationToken);
        return true;
    });

    /// <summary>Makes an image of a root file system's tar.</summary>
    public Task<Image> ImportAsync(Stream tar, string? repository, string? tag, string? message, IReadOnlyList<string> changes, CancellationToken cancellationToken) =>
        TranslatedAsync(async () =>
        {
            ImageReference? reference = string.IsNullOrEmpty(repository) ? null : Reference(repository, tag);
            Image image = await Store.ImportAsync(tar, reference, message, changes, cancellationToken);
            Publish("import", image.Id, reference?.Familiar ?? image.Id);
            return image;
        });

    /// <summary>Makes busybox or debian from distribution packages. Who asks for one that is being made waits for that one.</summary>
    public async Task<Image> BootstrapAsync(string name, IProgress<ImageProgress>? progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            var mine = new TaskCompletionSource<Image>(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<Image> running = _making.GetOrAdd(name, mine.Task);
            if (running == mine.Task)
                return await MakeAsync(name, mine, progress, cancellationToken);
            try
            {
                return await running.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The client that had begun it left; this one goes on by itself.
            }
        }
    }

    /// <summary>Whether an image is made of distribution packages here: under its short name it comes from no registry.</summary>
    public static bool IsMadeHere(ImageReference reference) => reference.FamiliarName is "busybox" or "debian" && reference.Digest is null;

    /// <summary>Makes one of the images that <see cref="IsMadeHere"/> names, under the name and tag asked for.</summary>
    public async Task<Image> BootstrapAsync(ImageReference reference, IProgress<ImageProgress>? progress, CancellationToken cancellationToken)
    {
        string name = reference.FamiliarName == "busybox" || reference.Tag == "latest" ? reference.FamiliarName : reference.Familiar;
        Image image = await BootstrapAsync(name, progress, cancellationToken);
        if (!Store.TryGet(reference.ToString(), out _))
            Store.Tag(image.Id, reference);
        return image;
    }

    /// <summary>Space that images take.</summary>
    public ImageDiskUsage DiskUsage() => Store.DiskUsage();

    internal Task<Image> CommitAsync(CommitOptions options, Func<Stream, CancellationToken, Task> writeLayer, CancellationToken cancellationToken) =>
        TranslatedAsync(() => Store.CommitAsync(options, writeLayer, cancellationToken));

    internal void SetUse(Func<string, ImageUse?> inUse) => _inUse = inUse;

    internal ImageDefaults? Defaults(string imageId) => Store.TryGet(imageId, out Image? image) ? image.Config.Config : null;

    internal IReadOnlyList<string> LayerDirectories(string imageId) => Store.LayerDirectories(Get(imageId));

    internal static ImageReference Reference(string repository, string? tag)
    {
        ImageReference reference = ImageReference.Parse(repository);
        return string.IsNullOrEmpty(tag) ? reference.WithDefaultTag() : reference.WithTag(tag);
    }

    private async Task<Image> MakeAsync(string name, TaskCompletionSource<Image> making, IProgress<ImageProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            Image image = await TranslatedAsync(() => Store.BootstrapAsync(name, progress, cancellationToken));
            Publish("pull", image.Id, name);
            _making.TryRemove(name, out _);
            making.SetResult(image);
            return image;
        }
        catch (Exception e)
        {
            _making.TryRemove(name, out _); // before it is told: who tries again must not find this one
            if (e is OperationCanceledException)
                making.SetCanceled(CancellationToken.None);
            else
                making.SetException(e);
            _ = making.Task.Exception; // seen, even if nobody waits
            throw;
        }
    }

    internal static T Translated<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (ImageException e)
        {
            throw Translate(e);
        }
    }

    internal static async Task<T> TranslatedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (ImageException e)
        {
            throw Translate(e);
        }
    }

    private static EngineException Translate(ImageException error) => new(
        error.Code switch
        {
            ImageErrorCode.NotFound => EngineErrorKind.NotFound,
            ImageErrorCode.Conflict => EngineErrorKind.Conflict,
            ImageErrorCode.InvalidParameter or ImageErrorCode.InvalidArchive => EngineErrorKind.InvalidParameter,
            ImageErrorCode.NotSupported => EngineErrorKind.NotImplemented,
            ImageErrorCode.Unauthorized => EngineErrorKind.Unauthorized,
            ImageErrorCode.Unavailable => EngineErrorKind.Unavailable,
            _ => EngineErrorKind.System,
        },
        error.Message,
        error);

    private static string Named(string text) => ImageReference.TryParse(text, out ImageReference reference) && !text.StartsWith("sha256:", StringComparison.Ordinal)
        ? reference.WithDefaultTag().Familiar
        : text;

    private void RemoveDisks(IReadOnlyList<RemovedImage> removed)
    {
        foreach (string id in removed.Select(static image => image.Deleted).OfType<string>())
            _disks.Remove(id);
    }

    private void Publish(IReadOnlyList<RemovedImage> removed, string? untagged = null)
    {
        // Names go before the image they stand for.
        for (int i = 0; i < removed.Count; i++)
        {
            string id = removed[i].Deleted ?? untagged ?? removed.Skip(i).Select(static later => later.Deleted).FirstOrDefault(static later => later is not null) ?? removed[i].Untagged!;
            Publish(removed[i].Untagged is null ? "delete" : "untag", id, removed[i].Untagged ?? id);
        }
    }

    internal void Publish(string action, string id, string name) => _events.Publish("image", action, id, new Dictionary<string, string> { ["name"] = name });
}
