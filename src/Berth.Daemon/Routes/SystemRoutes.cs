using System.Text.Json;
using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Events;

namespace Berth.Daemon.Routes;

/// <summary>The engine itself: version, info, events.</summary>
internal sealed class SystemRoutes(BerthEngine engine)
{
    public IEnumerable<Route> List() =>
    [
        new("GET", "/version", call => call.Json(engine.System.Version(), EngineJson.Wire.VersionInfo)),
        new("GET", "/info", call => call.Json(engine.System.Info(), EngineJson.Wire.HostInfo)),
        new("GET", "/events", Events),
        new("POST", "/auth", _ => throw ApiException.NotImplemented("registries are not supported yet, so there is nothing to log in to; bring images by docker load or docker import")),
    ];

    private async Task Events(ApiCall call)
    {
        IAsyncEnumerable<EngineEvent> events = engine.Events.Listen(call.Query.Time("since"), call.Query.Time("until"), call.Query.Filters(), call.Aborted);
        Stream answer = await call.StartStream("application/json");
        await foreach (EngineEvent happened in events)
        {
            await JsonSerializer.SerializeAsync(answer, happened, EngineJson.Wire.EngineEvent, call.Aborted);
            await answer.WriteAsync("\n"u8.ToArray(), call.Aborted);
            await answer.FlushAsync(call.Aborted);
        }
    }
}
