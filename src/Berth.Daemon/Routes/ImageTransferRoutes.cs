using Berth.Daemon.Http;
using Berth.Engine.Images;
using Berth.Images;

namespace Berth.Daemon.Routes;

/// <summary>Images in and out: create (import, bootstrap), load, save.</summary>
internal sealed class ImageTransferRoutes(ImageService images)
{
    private static readonly string[] Bootstrapped = ["busybox", "debian"];

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
        RequireHostPlatform(call.Query.Text("platform"));
        if (call.Query.Text("fromSrc") is { } source)
        {
            return Import(call, source);
        }
        ImageReference reference = ImageReference.Parse(call.Query.Required("fromImage"));
        if (call.Query.Text("tag") is { } tag)
        {
            // The client sends a digest in the tag's place too.
            reference = tag.StartsWith("sha256:", StringComparison.Ordinal) ? ImageReference.Parse($"{reference.Name}@{tag}") : reference.WithTag(tag);
        }
        return Pull(call, reference.WithDefaultTag());
    }

    // There is no registry yet: what is here is up to date, two base images can be made, everything else is told how to come in.
    private Task Pull(ApiCall call, ImageReference reference)
    {
        if (images.Store.TryGet(reference.ToString(), out Image? present))
        {
            return ProgressStream.RunAsync(call, progress =>
            {
                Finish(progress, reference, present, "Image is up to date for");
                return Task.CompletedTask;
            });
        }
        return Bootstrapped.Contains(reference.FamiliarName)
            ? Bootstrap(call, reference, refresh: false)
            : throw ApiException.NotFound($"No such image: {reference.Familiar}. Registries are not supported yet: bring it with docker load or docker import (busybox and debian[:suite] are made from packages when pulled)");
    }

    private Task Bootstrap(ApiCall call, ImageReference reference, bool refresh)
    {
        if (!Bootstrapped.Contains(reference.FamiliarName))
        {
            throw ApiException.NotFound($"{reference.Familiar} cannot be made from packages: only busybox and debian[:suite] can");
        }
        if (!refresh && images.Store.TryGet(reference.ToString(), out _))
        {
            return Pull(call, reference);
        }
        string name = reference.FamiliarName == "busybox" || reference.Tag == "latest" ? reference.FamiliarName : reference.Familiar;
        return ProgressStream.RunAsync(call, async progress =>
        {
            progress.Send(new ProgressLine { Id = reference.Tag, Status = $"Making {reference.FamiliarName} from distribution packages" });
            Image image = await images.BootstrapAsync(name, progress, call.Aborted);
            if (!images.Store.TryGet(reference.ToString(), out _))
            {
                images.Store.Tag(image.Id, reference);
            }
            Finish(progress, reference, image, "Downloaded newer image for");
        });
    }

    private static void Finish(ProgressStream progress, ImageReference reference, Image image, string how)
    {
        progress.Send(new ProgressLine { Status = $"Digest: {image.ManifestDigest}" });
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
