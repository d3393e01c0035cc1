using Berth.Images;
using Berth.Images.Registry;

namespace Berth.Engine.Images;

/// <summary>Images from and to registries, with the engine's events. Errors are <see cref="EngineException"/>.</summary>
public sealed class RegistryService
{
    private readonly ImageService _images;
    private readonly RegistryConfig _config;
    private readonly TimeProvider _clock;

    internal RegistryService(ImageService images, RegistryConfig config, TimeProvider clock)
    {
        _images = images;
        _config = config;
        _clock = clock;
    }

    /// <summary>Fetches an image.</summary>
    public Task<PulledImage> PullAsync(PullRequest request, IProgress<ImageProgress>? progress, CancellationToken cancellationToken) => ImageService.TranslatedAsync(async () =>
    {
        PulledImage pulled = await _images.Store.PullAsync(request, _config, progress, cancellationToken);
        _images.Publish("pull", pulled.Image.Id, request.Reference.WithDefaultTag().Familiar);
        return pulled;
    });

    /// <summary>The tags that a repository has in its registry.</summary>
    public Task<IReadOnlyList<ImageReference>> RemoteTagsAsync(PullRequest request, CancellationToken cancellationToken) =>
        ImageService.TranslatedAsync(() => _images.Store.RemoteTagsAsync(request, _config, cancellationToken));

    /// <summary>Sends one image; the result is its manifest's digest and size in bytes.</summary>
    public Task<(Digest Digest, long Size)> PushAsync(
        ImageReference reference, RegistryCredentials credentials, IProgress<ImageProgress>? progress, CancellationToken cancellationToken) => ImageService.TranslatedAsync(async () =>
        {
            (Digest Digest, long Size) pushed = await _images.Store.PushAsync(reference, credentials, _config, progress, cancellationToken);
            _images.Publish("push", _images.Get(reference.ToString()).Id, reference.Familiar);
            return pushed;
        });

    /// <summary>The images that a push of <paramref name="repository"/> with every tag sends; NotFound when there is none.</summary>
    public IReadOnlyList<ImageReference> Tags(ImageReference repository) => _images.Store.Tags(repository) is { Count: > 0 } tags
        ? tags
        : throw EngineException.NotFound($"An image does not exist locally with the tag: {repository.FamiliarName}");

    /// <summary>Asks a registry whether it takes the credentials.</summary>
    public Task LoginAsync(RegistryCredentials credentials, CancellationToken cancellationToken) => ImageService.TranslatedAsync(async () =>
    {
        await RegistryLogin.CheckAsync(credentials, _config, _clock, cancellationToken);
        return true;
    });
}
