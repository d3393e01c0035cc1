using Berth.Daemon.Http;

namespace Berth.Daemon.Routes;

/// <summary>Image builds, which this version does not have; clients are told so after their context has been taken in.</summary>
internal static class BuildRoutes
{
    private const string NoBuilder = "building images is not supported yet; build elsewhere and bring the image by docker load, or use docker commit";

    public static IEnumerable<Route> List() =>
    [
        new("POST", "/build", Build) { UnboundedBody = true },
        new("POST", "/build/cancel", _ => throw ApiException.NotImplemented(NoBuilder)),
        new("POST", "/build/prune", call => call.Text("""{"CachesDeleted":null,"SpaceReclaimed":0}""", "application/json")),
        new("POST", "/session", _ => throw ApiException.NotImplemented(NoBuilder)),
        new("POST", "/grpc", _ => throw ApiException.NotImplemented(NoBuilder)),
    ];

    private static async Task Build(ApiCall call)
    {
        // A client that is still sending would see a broken pipe instead of the message.
        await call.Body.CopyToAsync(Stream.Null, call.Stopping);
        throw ApiException.NotImplemented(NoBuilder);
    }
}
