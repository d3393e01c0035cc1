using Berth.Daemon.Http;
using Berth.Engine.Images;
using Berth.Images;
using Berth.Images.Registry;

namespace Berth.Daemon.Routes;

/// <summary>Registries: push and login. A pull is <c>/images/create</c>.</summary>
internal sealed class RegistryRoutes(ImageService images, RegistryService registries)
{
    public IEnumerable<Route> List() =>
    [
        new("POST", "/auth", Login),
        new("POST", "/images/{name*}/push", Push),
        new("GET", "/images/search", _ => throw ApiException.NotImplemented("searching a registry is not supported: pull the image by its name")),
        new("GET", "/distribution/{name*}/json", _ => throw ApiException.NotImplemented("looking into a registry without pulling is not supported")),
    ];

    /// <summary>Who the client is for the registry, by its header.</summary>
    public static RegistryCredentials Credentials(ApiCall call) => RegistryCredentials.ParseHeader(call.Http.Request.Headers["X-Registry-Auth"]);

    private async Task Login(ApiCall call)
    {
        RegistryCredentials credentials;
        using (System.Text.Json.JsonDocument body = await call.ReadDocument() ?? throw ApiException.BadRequest("the request body must be a JSON object"))
        {
            try
            {
                credentials = RegistryCredentials.ParseJson(System.Text.Encoding.UTF8.GetBytes(body.RootElement.GetRawText()));
            }
            catch (FormatException)
            {
                throw ApiException.BadRequest("the request body must be an object with username, password and serveraddress");
            }
        }
        await registries.LoginAsync(credentials, call.Aborted);
        await call.Json(new LoginAnswer("Login Succeeded", ""), DockerJson.Wire.LoginAnswer);
    }

    private Task Push(ApiCall call)
    {
        ImageReference repository = ImageReference.Parse(call["name"]);
        RegistryCredentials credentials = Credentials(call);
        string? tag = call.Query.Text("tag") ?? repository.Tag;
        IReadOnlyList<ImageReference> names = tag is not null ? [repository.WithTag(tag)] : registries.Tags(repository);
        foreach (ImageReference name in names)
        {
            _ = images.Get(name.ToString());
        }
        return ProgressStream.RunAsync(call, async progress =>
        {
            progress.Send(new ProgressLine { Status = $"The push refers to repository [{repository.Name}]" });
            foreach (ImageReference name in names)
            {
                (Digest digest, long size) = await registries.PushAsync(name, credentials, progress, call.Aborted);
                progress.Send(new ProgressLine { Status = $"{name.Tag}: digest: {digest} size: {size}" });
                progress.Send(new ProgressLine { Aux = new ProgressAux { Tag = name.Tag, Digest = digest.ToString(), Size = size } });
            }
        });
    }
}
