using Berth.Images.Registry;
using Berth.Images.Store;

namespace Berth.Images;

// Images from and to registries.
public sealed partial class ImageStore
{
    /// <summary>The tags that a repository has in its registry.</summary>
    /// <exception cref="ImageException">The registry does not have it or does not tell.</exception>
    public async Task<IReadOnlyList<ImageReference>> RemoteTagsAsync(PullRequest request, RegistryConfig config, CancellationToken cancellation)
    {
        ImageReference name = request.Reference;
        using RegistrySession registry = await RegistrySession.OpenAsync(RegistryEndpoint.Of(name.Domain, config, withMirrors: false), config, request.Credentials, _content.Time, cancellation);
        return [.. (await new RegistryRepository(registry, name.Path).TagsAsync(cancellation)).Select(name.WithTag)];
    }

    /// <summary>
    /// Fetches an image and names it. A broken or cancelled pull leaves no image, but what it downloaded shortens the next one.
    /// </summary>
    /// <exception cref="ImageException">The registry does not have it, does not give it, or sends something else than it announced.</exception>
    public async Task<PulledImage> PullAsync(PullRequest request, RegistryConfig config, IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        request = request with { Reference = request.Reference.WithDefaultTag() };
        ImageException? first = null;
        foreach (IGrouping<bool, RegistryEndpoint> place in Places(request.Reference.Domain, config))
        {
            foreach (IReadOnlyList<RegistryEndpoint> endpoints in place.Key ? place.Select(mirror => (IReadOnlyList<RegistryEndpoint>)[mirror]) : [[.. place]])
            {
                try
                {
                    return await PullAsync(request, endpoints, config, progress, cancellation);
                }
                catch (ImageException e) when (place.Key)
                {
                    first ??= e; // a mirror that is down or incomplete hinders nobody
                }
            }
        }
        throw first ?? throw new InvalidOperationException("a registry has at least one endpoint");
    }

    /// <summary>Sends an image to the registry that <paramref name="reference"/> names.</summary>
    /// <returns>Digest and size in bytes of the manifest that the tag stands for now.</returns>
    /// <exception cref="ImageException">There is no image of that name, or the registry does not take it.</exception>
    public async Task<(Digest Digest, long Size)> PushAsync(
        ImageReference reference, RegistryCredentials credentials, RegistryConfig config, IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        reference = reference.WithDefaultTag();
        if (reference.Tag is null)
        {
            throw new ImageException(ImageErrorCode.InvalidParameter, "an image is pushed by a tag, not by a digest");
        }
        using var session = new IngestSession(_content);
        Image image = Get(reference.ToString());
        foreach (Digest pin in (IEnumerable<Digest>)[image.ManifestDigest, image.Manifest.Config.Digest, .. image.Manifest.Layers.Select(layer => layer.Digest)])
        {
            session.Pin(pin);
        }
        using RegistrySession registry = await RegistrySession.OpenAsync(RegistryEndpoint.Of(reference.Domain, config, withMirrors: false), config, credentials, _content.Time, cancellation);
        var target = new RegistryRepository(registry, reference.Path);
        await new ImagePusher(_content, target, reference, progress).RunAsync(image, cancellation);
        return (image.ManifestDigest, new FileInfo(_content.Paths.Blob(image.ManifestDigest)).Length);
    }

    /// <summary>Tags of a repository in the store, for a push of all of them.</summary>
    public IReadOnlyList<ImageReference> Tags(ImageReference repository) =>
        [.. _content.Catalog.Current.References.Keys.Select(ImageReference.Parse).Where(name => name.Tag is not null && name.Name == repository.Name).OrderBy(name => name.Tag, StringComparer.Ordinal)];

    private static IEnumerable<IGrouping<bool, RegistryEndpoint>> Places(string domain, RegistryConfig config) =>
        RegistryEndpoint.Of(domain, config, withMirrors: true).GroupBy(endpoint => endpoint.IsMirror);

    private async Task<PulledImage> PullAsync(
        PullRequest request, IReadOnlyList<RegistryEndpoint> endpoints, RegistryConfig config, IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        using RegistrySession registry = await RegistrySession.OpenAsync(endpoints, config, request.Credentials, _content.Time, cancellation);
        return await IngestAsync(async session =>
        {
            var puller = new ImagePuller(session, new RegistryRepository(registry, request.Reference.Path), request, progress);
            // Asking for the digest alone does not count against the limits of public registries.
            if (await puller.FindAsync(cancellation) is { } current && Known(request, current) is { } known)
            {
                return new PulledImage(known, current, WasPresent: true);
            }
            (Digest id, _, Digest named) = await puller.RunAsync(cancellation);
            return new PulledImage(Describe(_content.Catalog.Current, id), named, WasPresent: false);
        });
    }

    // The image that the digest stood for when it was last pulled or pushed, if the name stands for it here and it fits.
    private Image? Known(PullRequest request, Digest digest)
    {
        StoreState state = _content.Catalog.Current;
        string digested = request.Reference.WithDigest(digest).ToString();
        if (!state.References.TryGetValue(digested, out Digest id) || (request.Reference.Digest is null && (!state.References.TryGetValue(request.Reference.ToString(), out Digest named) || named != id)))
        {
            return null;
        }
        Image image = Describe(state, id);
        return request.Platform.Fits(image.Config.Os, image.Config.Architecture) ? image : null;
    }
}
