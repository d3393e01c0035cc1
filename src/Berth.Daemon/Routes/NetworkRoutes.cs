using System.Security.Cryptography;
using System.Text;
using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Instances;

namespace Berth.Daemon.Routes;

/// <summary>The two networks there are: <c>none</c> (loopback only) and <c>host</c>. Others are refused honestly.</summary>
internal sealed class NetworkRoutes(InstanceService instances)
{
    private const string OnlyTwo = "only the networks none and host exist in this version; run containers with --network none or --network host";

    private static readonly string[] Names = ["host", "none"];

    private static readonly string Created = DockerTime.Format(DateTimeOffset.UnixEpoch);

    public IEnumerable<Route> List() =>
    [
        new("GET", "/networks", ListAll),
        new("POST", "/networks/create", _ => throw ApiException.NotImplemented(OnlyTwo)),
        new("POST", "/networks/prune", call => call.Text("""{"NetworksDeleted":null}""", "application/json")),
        new("GET", "/networks/{name}", call => call.Json(Find(call["name"]), DockerJson.Wire.NetworkView)),
        new("DELETE", "/networks/{name}", Remove),
        new("POST", "/networks/{name}/connect", Change),
        new("POST", "/networks/{name}/disconnect", Change),
    ];

    private static Task ListAll(ApiCall call)
    {
        FilterSet filters = call.Query.Filters();
        filters.Allow("name", "id", "driver", "scope", "type", "dangling", "label");
        IReadOnlyList<NetworkView> found =
        [
            .. Names.Select(name => View(name)).Where(network =>
                Any("name", value => network.Name.Contains(value, StringComparison.Ordinal))
                && Any("id", value => network.Id.StartsWith(value, StringComparison.Ordinal))
                && filters.MatchExact("driver", network.Driver)
                && filters.MatchExact("scope", network.Scope)
                && filters.MatchExact("type", "builtin")
                && filters.Boolean("dangling") is not true
                && !filters.Has("label")),
        ];
        return call.Json(found, DockerJson.Wire.IReadOnlyListNetworkView);

        bool Any(string key, Func<string, bool> matches) => !filters.Has(key) || filters[key].Any(matches);
    }

    private NetworkView Find(string nameOrId)
    {
        string name = Resolve(nameOrId);
        return View(name) with
        {
            Containers = instances.List(all: false, limit: 0, size: false, FilterSet.Empty)
                .Where(instance => instance.HostConfig.NetworkMode == name)
                .ToDictionary(instance => instance.Id, instance => new NetworkMember(instance.Names is [var first, ..] ? first.TrimStart('/') : "")),
        };
    }

    private static Task Remove(ApiCall call)
        => throw new ApiException(403, $"{Resolve(call["name"])} is a pre-defined network and cannot be removed");

    private static Task Change(ApiCall call)
    {
        Resolve(call["name"]);
        throw ApiException.NotImplemented(OnlyTwo + " from the start: a container's network cannot be changed later");
    }

    private static string Resolve(string nameOrId)
        => Names.FirstOrDefault(name => name == nameOrId || (nameOrId.Length >= 4 && IdOf(name).StartsWith(nameOrId, StringComparison.Ordinal)))
            ?? throw ApiException.NotFound($"network {nameOrId} not found");

    private static NetworkView View(string name) => new()
    {
        Name = name,
        Id = IdOf(name),
        Created = Created,
        Driver = name == "none" ? "null" : name,
    };

    // Stable over restarts and machines, so that a client may remember it.
    private static string IdOf(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"berth network {name}")));
}
