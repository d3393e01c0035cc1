using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Images;
using Berth.Images;
using Berth.Images.Registry;

namespace Berth.Daemon.Routes;

/// <summary>Images in and out: create (pull, import, bootstrap), load, save.</summary>
internal sealed class ImageTransferRoutes(ImageService images, RegistryService registries)
{
    public IEnumerable<Route> List() =>
    [
        new("POST", "/images/create", Create) { UnboundedBody = true },
        new("POST", "/images/load", Load) { UnboundedBody = true },
        new("GET", "/images/get", call => Save(call, call.Query.Texts("names"))),
        new("GET", "/images/{name*}/get", call => Save(call, [call["name"]])),
        new("POST", "/berth/images/bootstrap", call => Bootstrap(call, ImageReference.Parse(call.Query.Required("name")).WithDefaultTag(), call.Query.Flag("refresh"))),
    ];

    private Task Create(ApiCall call)
    {
        if (call.Query.Text("fromSrc") is { } source)
        {
            RequireHostPlatform(call.Query.Text("platform"));
            return Import(call, source);
        }
        ImageReference reference = ImageReference.Parse(call.Query.Required("fromImage"));
        if (call.Query.Text("tag") is { } tag)
        {
            // The client sends a digest in the tag's place too.
            reference = tag.StartsWith("sha256:", StringComparison.Ordinal) ? ImageReference.Parse($"{reference.Name}@{tag}") : reference.WithTag(tag);
        }
        return reference.Tag is null && reference.Digest is null ? PullEveryTag(call, reference) : Pull(call, reference);
    }

    // The base images that Berth makes itself come from no registry under their short names.
    private Task Pull(ApiCall call, ImageReference reference) => ImageService.IsMadeHere(reference)
        ? Bootstrap(call, reference, refresh: false)
        : PullFromRegistry(call, new PullRequest
        {
            Reference = reference,
            Platform = PlatformChoice.Parse(call.Query.Text("platform")),
            Credentials = RegistryRoutes.Credentials(call),
        });

    // To a 401 the docker client would answer by asking its user, even where there is none: a pull that is denied is one of nothing.
    private static async Task<T> ReadAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.Unauthorized)
        {
            throw ApiException.NotFound($"pull access denied: {e.Message}");
        }
    }

    // [DOCKER-API] "Create an image": without a tag, all of them.
    private async Task PullEveryTag(ApiCall call, ImageReference repository)
    {
        if (ImageService.IsMadeHere(repository))
        {
            await Bootstrap(call, repository.WithDefaultTag(), refresh: false);
            return;
        }
        var request = new PullRequest { Reference = repository, Platform = PlatformChoice.Parse(call.Query.Text("platform")), Credentials = RegistryRoutes.Credentials(call) };
        IReadOnlyList<ImageReference> tags = await ReadAsync(() => registries.RemoteTagsAsync(request, call.Aborted));
        await ProgressStream.RunAsync(call, async progress =>
        {
            foreach (ImageReference tag in tags)
            {
                PulledImage pulled = await ReadAsync(() => registries.PullAsync(request with { Reference = tag }, progress, call.Aborted));
                Finish(progress, tag, pulled.Digest, pulled.WasPresent ? "Image is up to date for" : "Downloaded newer image for");
            }
        });
    }

    private Task PullFromRegistry(ApiCall call, PullRequest request) => ProgressStream.RunAsync(call, async progress =>
    {
        PulledImage pulled = await ReadAsync(() => registries.PullAsync(request, progress, call.Aborted));
        Finish(progress, request.Reference, pulled.Digest, pulled.WasPresent ? "Image is up to date for" : "Downloaded newer image for");
    });

    private Task Bootstrap(ApiCall call, ImageReference reference, bool refresh)
    {
        if (!ImageService.IsMadeHere(reference))
        {
            throw ApiException.NotFound($"{reference.Familiar} cannot be made from packages: only busybox and debian[:suite] can");
        }
        RequireHostPlatform(call.Query.Text("platform"));
        if (!refresh && images.Store.TryGet(reference.ToString(), out Image? present))
        {
            return ProgressStream.RunAsync(call, progress =>
            {
                Finish(progress, reference, present.ManifestDigest, "Image is up to date for");
                return Task.CompletedTask;
            });
        }
        return ProgressStream.RunAsync(call, async progress =>
        {
            progress.Send(new ProgressLine { Id = reference.Tag, Status = $"Making {reference.FamiliarName} from distribution packages" });
            Image image = await images.BootstrapAsync(reference, progress, call.Aborted);
            Finish(progress, reference, image.ManifestDigest, "Downloaded newer image for");
        });
    }

    private static void Finish(ProgressStream progress, ImageReference reference, Digest digest, string how)
    {
        progress.Send(new ProgressLine { Status = $"Digest: {digest}" });
        progress.Send(new ProgressLine { Status = $"Status: {how} {reference.Familiar}" });
    }

    private Task Import(ApiCall call, string source)
    {
        if (source != "-")
        {
            throw ApiException.NotImplemented($"importing from {source} is not supported; fetch the archive and give it to docker import as a file or on standard input");
        }
        return ProgressStream.RunAsync(call, async progress =>
        {
            Image image = await images.ImportAsync(
                call.Body, call.Query.Text("repo"), call.Query.Text("tag"), call.Query.Text("message"), call.Query.Texts("changes"), call.Stopping);
            progress.Send(new ProgressLine { Status = image.Id });
        });
    }

    private Task Load(ApiCall call)
    {
        RequireHostPlatform(call.Query.Text("platform"));
        bool quiet = call.Query.Flag("quiet");
        return ProgressStream.RunAsync(call, async progress =>
        {
            foreach (LoadedImage loaded in await images.LoadAsync(call.Body, quiet ? null : progress, call.Stopping))
            {
                foreach (string name in loaded.References)
                {
                    progress.Send(new ProgressLine { Stream = $"Loaded image: {name}\n" });
                }
                if (loaded.References.Count == 0)
                {
                    progress.Send(new ProgressLine { Stream = $"Loaded image ID: {loaded.Image.Id}\n" });
                }
            }
        });
    }

    private async Task Save(ApiCall call, string[] names)
    {
        if (names.Length == 0)
        {
            throw ApiException.BadRequest("query parameter names is required: the images to save");
        }
        RequireHostPlatform(call.Query.Text("platform"));
        foreach (string name in names)
        {
            _ = images.Get(name);
        }
        call.Http.Response.ContentType = "application/x-tar";
        await images.SaveAsync(names, call.Http.Response.Body, call.Aborted);
    }

    // linux/amd64 as text, or as the JSON object that newer clients send.
    private static void RequireHostPlatform(string? platform)
    {
        string host = Berth.Images.Spec.Platform.HostArchitecture;
        if (platform is not null && !platform.StartsWith('{') && platform != "linux" && platform != $"linux/{host}" && platform != host)
        {
            throw ApiException.NotFound($"platform {platform} is not available: this host runs linux/{host}");
        }
    }
}
