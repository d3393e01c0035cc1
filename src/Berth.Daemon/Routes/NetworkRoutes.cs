using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Networks;

namespace Berth.Daemon.Routes;

/// <summary>Networks.</summary>
internal sealed class NetworkRoutes(NetworkService networks)
{
    public IEnumerable<Route> List() =>
    [
        new("GET", "/networks", call => call.Json(networks.List(call.Query.Filters()), EngineJson.Wire.IReadOnlyListNetworkView)),
        new("POST", "/networks/create", Create),
        new("POST", "/networks/prune", Prune),
        new("GET", "/networks/{name}", call => call.Json(networks.Inspect(call["name"]), EngineJson.Wire.NetworkView)),
        new("DELETE", "/networks/{name}", Remove),
        new("POST", "/networks/{name}/connect", Connect),
        new("POST", "/networks/{name}/disconnect", Disconnect),
    ];

    private async Task Create(ApiCall call) =>
        await call.Json(networks.Create(await call.ReadJson(EngineJson.Wire.NetworkCreateRequest)), EngineJson.Wire.NetworkCreateResult, 201);

    private async Task Prune(ApiCall call) => await call.Json(await networks.PruneAsync(call.Query.Filters()), EngineJson.Wire.NetworkPruneResult);

    private async Task Remove(ApiCall call)
    {
        await networks.RemoveAsync(call["name"]);
        await call.Status(204);
    }

    private async Task Connect(ApiCall call)
    {
        await networks.ConnectAsync(call["name"], await call.ReadJson(EngineJson.Wire.NetworkConnectRequest), default);
        await call.Status(200);
    }

    private async Task Disconnect(ApiCall call)
    {
        await networks.DisconnectAsync(call["name"], await call.ReadJson(EngineJson.Wire.NetworkDisconnectRequest), default);
        await call.Status(200);
    }
}
