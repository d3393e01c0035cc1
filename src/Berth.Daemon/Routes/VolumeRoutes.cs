using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Volumes;

namespace Berth.Daemon.Routes;

/// <summary>Volumes.</summary>
internal sealed class VolumeRoutes(VolumeService volumes)
{
    public IEnumerable<Route> List() =>
    [
        new("GET", "/volumes", call => call.Json(volumes.List(call.Query.Filters()), EngineJson.Wire.VolumeList)),
        new("POST", "/volumes/create", Create),
        new("POST", "/volumes/prune", call => call.Json(volumes.Prune(call.Query.Filters(), namedToo: call.Version < new ApiVersion(1, 42)), EngineJson.Wire.VolumePruneResult)),
        new("GET", "/volumes/{name}", call => call.Json(volumes.Inspect(call["name"]), EngineJson.Wire.VolumeView)),
        new("PUT", "/volumes/{name}", _ => throw new ApiException(503, SwarmRoutes.NotASwarm)),
        new("DELETE", "/volumes/{name}", Remove),
    ];

    private async Task Create(ApiCall call)
    {
        VolumeCreateRequest request = await call.ReadOptionalJson(EngineJson.Wire.VolumeCreateRequest) ?? new VolumeCreateRequest();
        await call.Json(volumes.Create(request), EngineJson.Wire.VolumeView, 201);
    }

    private Task Remove(ApiCall call)
    {
        volumes.Remove(call["name"], call.Query.Flag("force"));
        return call.Status(204);
    }
}
