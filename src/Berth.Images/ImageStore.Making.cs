using System.Globalization;
using Berth.Images.Archives;
using Berth.Images.Bootstrap;
using Berth.Images.Import;
using Berth.Images.Layers;
using Berth.Images.Spec;
using Berth.Images.Store;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images;

// New images: from a root file system, from an instance's changes, from distribution packages; and back out as archives.
public sealed partial class ImageStore
{
    /// <summary>Makes an image of one layer from the tar of a root file system, plain, gzip or zstd.</summary>
    /// <exception cref="ImageException">The archive or a change is refused; then nothing of it is kept.</exception>
    public Task<Image> ImportAsync(
        Stream tar, ImageReference? reference, string? message, IReadOnlyList<string>? changes, CancellationToken cancellation)
    {
        var options = new CommitOptions { Reference = reference, Comment = message ?? "Imported from -", Changes = changes ?? [] };
        return CommitAsync(options, async (layer, stop) =>
        {
            await using Stream plain = await Compression.OpenAsync(tar, _content.Limits, stop);
            await plain.CopyToAsync(layer, 1 << 18, stop);
        }, strict: true, cancellation);
    }

    /// <summary>Makes an image from a base and one more layer, whose plain tar <paramref name="writeLayer"/> writes.</summary>
    /// <exception cref="ImageException">The layer or a change is refused; then nothing of it is kept.</exception>
    public Task<Image> CommitAsync(CommitOptions options, Func<Stream, CancellationToken, Task> writeLayer, CancellationToken cancellation) =>
        CommitAsync(options, writeLayer, strict: false, cancellation);

    /// <summary>Makes <c>busybox</c> or <c>debian[:suite]</c> from distribution packages of the host's own mirror.</summary>
    /// <exception cref="ImageException">The name is neither, or a package or tool failed; then nothing is kept.</exception>
    public async Task<Image> BootstrapAsync(string name, IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        BootstrapRecipe recipe = BootstrapRecipe.For(name);
        string staging = _content.Paths.NewStaging("bootstrap");
        try
        {
            Directory.CreateDirectory(staging, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Directory.CreateDirectory(_content.Paths.Cache);
            var context = new BootstrapContext(staging, _content.Paths.Cache, progress);
            string root = await recipe.BuildAsync(context, cancellation);
            progress?.Report(new ImageProgress(null, "Storing the image"));
            var options = new CommitOptions
            {
                Reference = recipe.Reference,
                Defaults = recipe.Defaults,
                CreatedBy = recipe.CreatedBy,
                Created = recipe.Created,
            };
            return await CommitAsync(options, (layer, stop) => LayerTarWriter.WriteTreeAsync(root, layer, stop), cancellation);
        }
        catch (HostProgramException e)
        {
            throw new ImageException(ImageErrorCode.System, e.Message, e);
        }
        finally
        {
            StoreContent.DeleteTree(staging);
        }
    }

    /// <summary>Writes images as one archive that <c>docker load</c> and OCI tools read: OCI layout, manifest.json, repositories.</summary>
    /// <exception cref="ImageException">A name is not there.</exception>
    public async Task SaveAsync(IReadOnlyList<string> namesOrIds, Stream output, CancellationToken cancellation)
    {
        using var session = new IngestSession(_content);
        StoreState state = _content.Catalog.Current;
        List<(Image, ImageReference?)> images = [.. namesOrIds.Select(name =>
        {
            ImageLookup found = Find(state, name);
            Image image = Describe(state, found.Id);
            session.Pin(image.ManifestDigest);
            session.Pin(found.Id);
            foreach (Descriptor layer in image.Manifest.Layers)
            {
                session.Pin(layer.Digest);
            }
            return (image, found.Reference is null ? (ImageReference?)null : ImageReference.Parse(found.Reference));
        })];
        await ImageSaver.SaveAsync(_content, images, output, cancellation);
    }

    private Task<Image> CommitAsync(
        CommitOptions options, Func<Stream, CancellationToken, Task> writeLayer, bool strict, CancellationToken cancellation)
    {
        ImageDefaults? defaults = ImageChange.Apply(options.Defaults ?? options.Base?.Config.Config, options.Changes);
        return IngestAsync(async session =>
        {
            foreach (Digest pin in options.Base is { } below ? [below.ManifestDigest, Digest.Parse(below.Id), .. below.ChainIds, .. below.Manifest.Layers.Select(l => l.Digest)] : Array.Empty<Digest>())
            {
                session.Pin(pin);
            }
            Descriptor layer;
            using (BlobWriter writer = session.NewBlob())
            {
                await writeLayer(writer, cancellation);
                layer = session.Commit(writer, MediaTypes.OciLayer);
            }
            if (strict)
            {
                await RequireWholeAsync(layer, cancellation);
            }
            string now = (options.Created ?? _content.Time.GetUtcNow()).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
            var history = new HistoryEntry { Created = now, CreatedBy = options.CreatedBy, Author = options.Author, Comment = options.Comment };
            ImageConfig config = (options.Base?.Config ?? new ImageConfig { Architecture = Platform.HostArchitecture, Os = "linux", Rootfs = new RootFs { DiffIds = [] } }) with
            {
                Created = now,
                Author = options.Author,
                Comment = options.Comment,
                Config = defaults,
                Rootfs = new RootFs { DiffIds = [.. options.Base?.Config.Rootfs.DiffIds ?? [], layer.Digest] },
                History = [.. options.Base?.Config.History ?? [], history],
            };
            return await StoreAsync(session, config, [.. options.Base?.Manifest.Layers ?? [], layer], options, cancellation);
        });
    }

    private async Task<Image> StoreAsync(
        IngestSession session, ImageConfig config, IReadOnlyList<Descriptor> layers, CommitOptions options, CancellationToken cancellation)
    {
        Descriptor configBlob = session.Add(ImageJson.Write(config.Checked(), ImageJson.Default.ImageConfig), MediaTypes.OciConfig);
        ImageManifest manifest = new ImageManifest { MediaType = MediaTypes.OciManifest, Config = configBlob, Layers = layers }.Checked();
        Descriptor manifestBlob = session.Add(ImageJson.Write(manifest, ImageJson.Default.ImageManifest), MediaTypes.OciManifest);
        await LayerUnpacker.EnsureAsync(session, manifest, config, null, cancellation);
        cancellation.ThrowIfCancellationRequested();
        Digest? parent = options.Base is null ? null : Digest.Parse(options.Base.Id);
        StoreState state = _content.Catalog.Update(next => ImageLoader.Register(
            next, configBlob.Digest, manifestBlob.Digest, options.Reference is { } name ? [name.WithDefaultTag()] : [], _content.Time.GetUtcNow(), parent));
        return Describe(state, configBlob.Digest);
    }

    // No digest vouches for an imported tar, so its end mark must.
    private async Task RequireWholeAsync(Descriptor layer, CancellationToken cancellation)
    {
        await using FileStream file = _content.OpenBlob(layer.Digest);
        using var reader = new TarReader(file, _content.Limits) { RequireEndMark = true };
        while (await reader.ReadEntryAsync(cancellation) is not null)
        {
        }
    }
}
