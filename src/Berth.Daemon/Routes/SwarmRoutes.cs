using Berth.Daemon.Http;

namespace Berth.Daemon.Routes;

/// <summary>Swarm, plugins and registries' manifests: absent, and said so in the way clients expect while they look for an object's kind.</summary>
internal static class SwarmRoutes
{
    public const string NotASwarm = "This node is not a swarm manager. Berth has no swarm mode; use plain containers.";

    private static readonly string[] Resources = ["swarm", "services", "tasks", "nodes", "secrets", "configs"];

    private static readonly string[] Methods = ["GET", "POST", "DELETE"];

    public static IEnumerable<Route> List() =>
    [
        .. Resources.SelectMany(resource => Methods.SelectMany(method => new Route[]
        {
            new(method, $"/{resource}", _ => throw new ApiException(503, NotASwarm)),
            new(method, $"/{resource}/{{rest*}}", _ => throw new ApiException(503, NotASwarm)),
        })),
        new("GET", "/plugins", call => call.Text("[]", "application/json")),
        new("GET", "/plugins/privileges", _ => throw NoPlugins()),
        new("GET", "/plugins/{name*}/json", call => throw ApiException.NotFound($"plugin \"{call["name"]}\" not found")),
        new("POST", "/plugins/{name*}", _ => throw NoPlugins()),
        new("DELETE", "/plugins/{name*}", call => throw ApiException.NotFound($"plugin \"{call["name"]}\" not found")),
    ];

    private static ApiException NoPlugins() => ApiException.NotImplemented("plugins are not supported");
}
