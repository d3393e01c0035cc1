using System.Collections.Concurrent;
using Berth.Engine.Images;
using Berth.Images;
using Berth.Images.Registry;

namespace Berth.Engine.Builds;

/// <summary>The images that one build begins with: from the store, from a registry, or made here. Each is fetched once.</summary>
internal sealed class BaseImages(ImageService images, RegistryService registries, BuildRequest request, IProgress<ImageProgress> progress)
{
    private readonly ConcurrentDictionary<(string, string?), Lazy<Task<Image>>> _images = new();

    public Task<Image> GetAsync(string name, string? platform, CancellationToken cancellationToken) =>
        _images.GetOrAdd((name, platform ?? request.Platform), key => new Lazy<Task<Image>>(() => ImageService.TranslatedAsync(() => FindAsync(key.Item1, key.Item2, cancellationToken)))).Value;

    private async Task<Image> FindAsync(string name, string? platform, CancellationToken cancellationToken)
    {
        PlatformChoice choice = PlatformChoice.Parse(platform);
        if (images.Store.TryGet(name, out Image? present) && Fits(present, choice) && !(request.Pull && ImageReference.TryParse(name, out ImageReference named) && present.RepoTags.Contains(named.WithDefaultTag().Familiar)))
            return present;
        ImageReference reference = ImageReference.Parse(name).WithDefaultTag();
        if (ImageService.IsMadeHere(reference))
            return present ?? await images.BootstrapAsync(reference, progress, cancellationToken);
        PulledImage pulled = await registries.PullAsync(
            new PullRequest { Reference = reference, Platform = choice, Credentials = request.Credentials(reference.Domain) }, progress, cancellationToken);
        return pulled.Image;
    }

    private static bool Fits(Image image, PlatformChoice choice) => !choice.IsExplicit || image.Config.Architecture == choice.Platform.Architecture;
}
