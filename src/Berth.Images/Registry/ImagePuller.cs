using Berth.Images.Archives;
using Berth.Images.Layers;
using Berth.Images.Spec;
using Berth.Images.Store;

namespace Berth.Images.Registry;

/// <summary>Fetches one image: manifest, configuration, and layers that are unpacked in their order while later ones still come in.</summary>
internal sealed class ImagePuller(IngestSession session, RegistryRepository source, PullRequest request, IProgress<ImageProgress>? progress)
{
    private const int MaxIndexDepth = 4;

    /// <summary>Digest of what the name stands for in the registry, without fetching it; null when the registry does not say.</summary>
    public async Task<Digest?> FindAsync(CancellationToken cancellation) =>
        request.Reference.Digest ?? await source.FindAsync(request.Reference.Tag!, cancellation);

    /// <returns>The image's id, its manifest, and the digest that its name stands for.</returns>
    /// <exception cref="ImageException">It cannot be had whole; then nothing of it becomes visible.</exception>
    public async Task<(Digest Id, Digest Manifest, Digest Named)> RunAsync(CancellationToken cancellation)
    {
        Descriptor? expected = request.Reference.Digest is { } wanted ? new Descriptor { Digest = wanted, Size = -1 } : null;
        string name = request.Reference.Digest?.ToString() ?? request.Reference.Tag!;
        (byte[] json, string mediaType, Digest named) = await source.GetManifestAsync(name, expected, cancellation);
        progress?.Report(new ImageProgress(request.Reference.Tag ?? named.ToString(), $"Pulling from {FamiliarPath()}"));
        (byte[] manifestJson, string manifestType) = await SelectAsync(json, mediaType, 0, cancellation);
        ImageManifest manifest = ImageJson.Read(manifestJson, ImageJson.Default.ImageManifest, "manifest").Checked();
        ImageConfig config = await ConfigAsync(manifest, cancellation);
        Descriptor manifestBlob = session.Add(manifestJson, manifestType);
        await LayersAsync(manifest, config, cancellation);
        cancellation.ThrowIfCancellationRequested();
        session.Content.Catalog.Update(state =>
        {
            ImageReference digested = request.Reference.WithDigest(named);
            IEnumerable<ImageReference> names = request.Reference.Digest is null ? [request.Reference, digested] : [digested];
            ImageLoader.Register(state, manifest.Config.Digest, manifestBlob.Digest, names, session.Content.Time.GetUtcNow());
            // The manifest of this registry from now on: what is pulled or pushed again is then known by its digest.
            state.Images[manifest.Config.Digest] = state.Images[manifest.Config.Digest] with { Manifest = manifestBlob.Digest };
        });
        return (manifest.Config.Digest, manifestBlob.Digest, named);
    }

    private string FamiliarPath() => request.Reference.Path;

    // [OCI-IMG] image-index.md; indexes may nest.
    private async Task<(byte[] Json, string MediaType)> SelectAsync(byte[] json, string mediaType, int depth, CancellationToken cancellation)
    {
        if (MediaTypes.IsManifest(mediaType))
        {
            return (json, mediaType);
        }
        ImageIndex index = ImageJson.Read(json, ImageJson.Default.ImageIndex, "index").Checked();
        Descriptor? chosen = request.Platform.Best(index)
            ?? index.Manifests.FirstOrDefault(entry => entry.Platform is null && (MediaTypes.IsIndex(entry.MediaType) || index.Manifests.Count == 1));
        if (chosen is null || depth >= MaxIndexDepth)
        {
            string there = string.Join(", ", index.Manifests.Select(entry => entry.Platform).OfType<Platform>().Where(platform => platform.Os is not ("" or "unknown"))
                .Select(platform => $"{platform.Os}/{platform.Architecture}{(platform.Variant is { } variant ? "/" + variant : "")}").Distinct().Take(20));
            throw new ImageException(ImageErrorCode.NotFound,
                $"no image for {request.Platform} in {request.Reference.Familiar}; there {(there.Length > 0 ? $"is: {ImageException.Printable(there)}" : "is none for any platform")}");
        }
        (byte[] next, string type, _) = await source.GetManifestAsync(chosen.Digest.ToString(), chosen, cancellation);
        return await SelectAsync(next, type, depth + 1, cancellation);
    }

    private async Task<ImageConfig> ConfigAsync(ImageManifest manifest, CancellationToken cancellation)
    {
        session.Pin(manifest.Config.Digest);
        byte[] json = session.Content.HasBlob(manifest.Config.Digest)
            ? session.Content.ReadBlob(manifest.Config.Digest, ImageJson.MaxConfigBytes, "config")
            : await source.GetSmallBlobAsync(manifest.Config, ImageJson.MaxConfigBytes, cancellation);
        ImageConfig config = ImageJson.Read(json, ImageJson.Default.ImageConfig, "config").Checked();
        if (request.Platform.IsExplicit && !request.Platform.Fits(config.Os, config.Architecture))
        {
            throw new ImageException(ImageErrorCode.NotFound,
                $"{request.Reference.Familiar} is for {ImageException.Printable($"{config.Os}/{config.Architecture}")}, not for {request.Platform}");
        }
        session.Add(json, manifest.Config.MediaType);
        return config;
    }

    private async Task LayersAsync(ImageManifest manifest, ImageConfig config, CancellationToken cancellation)
    {
        IReadOnlyList<Digest> chain = LayerUnpacker.Chain(manifest, config);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var slots = new SemaphoreSlim(source.Session.Config.ParallelDownloads);
        foreach (Digest one in chain)
        {
            session.Pin(one);
        }
        bool[] present = [.. manifest.Layers.Select((layer, i) => IsPresent(layer, chain[i]))];
        for (int i = 0; i < chain.Count; i++)
        {
            progress?.Report(new ImageProgress(Shown(manifest.Layers[i]), present[i] ? "Already exists" : "Pulling fs layer"));
        }
        Task[] downloads = [.. manifest.Layers.Select((layer, i) => present[i] ? Task.CompletedTask : DownloadAsync(layer, slots, stop))];
        Exception? failed = null;
        try
        {
            for (int i = 0; i < chain.Count; i++)
            {
                await downloads[i];
                if (!present[i])
                {
                    string id = Shown(manifest.Layers[i]);
                    await LayerUnpacker.EnsureLayerAsync(session, manifest.Layers[i], config.Rootfs.DiffIds[i], chain, i, new LayerProgress(id, "Extracting", progress), stop.Token);
                    progress?.Report(new ImageProgress(id, "Pull complete"));
                }
            }
        }
        catch (Exception e)
        {
            failed = e;
            await stop.CancelAsync();
        }
        await Task.WhenAll(downloads).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (failed is null)
        {
            return;
        }
        // The first download that failed by itself says more than those that were stopped because of it.
        cancellation.ThrowIfCancellationRequested();
        Exception? cause = failed is OperationCanceledException ? downloads.Select(task => task.Exception?.InnerException).FirstOrDefault(e => e is not null) : null;
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause ?? failed);
    }

    private async Task DownloadAsync(Descriptor layer, SemaphoreSlim slots, CancellationTokenSource stop)
    {
        try
        {
            if (!slots.Wait(0, CancellationToken.None))
            {
                progress?.Report(new ImageProgress(Shown(layer), "Waiting"));
                await slots.WaitAsync(stop.Token);
            }
            try
            {
                await Task.Run(() => new BlobDownload(source, session, layer, progress).RunAsync(stop.Token), stop.Token);
            }
            finally
            {
                slots.Release();
            }
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    private bool IsPresent(Descriptor layer, Digest chain)
    {
        session.Pin(layer.Digest);
        return session.Content.HasBlob(layer.Digest) && session.Content.Catalog.Current.Layers.ContainsKey(chain);
    }

    private static string Shown(Descriptor layer) => layer.Digest.Hex[..12];
}
