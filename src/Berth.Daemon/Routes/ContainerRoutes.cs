using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Configuration;
using Berth.Engine.Instances;

namespace Berth.Daemon.Routes;

/// <summary>Life cycle and inspection of containers.</summary>
internal sealed class ContainerRoutes(InstanceService instances)
{
    public IEnumerable<Route> List() =>
    [
        new("GET", "/containers/json", ListAll),
        new("POST", "/containers/create", Create),
        new("POST", "/containers/prune", Prune),
        new("GET", "/containers/{id}/json", Inspect),
        new("POST", "/containers/{id}/start", Start),
        new("POST", "/containers/{id}/stop", call => Done(call, instances.StopAsync(call["id"], call.Query.Number("t"), call.Query.Text("signal"), default))),
        new("POST", "/containers/{id}/restart", call => Done(call, instances.RestartAsync(call["id"], call.Query.Number("t"), call.Query.Text("signal"), default))),
        new("POST", "/containers/{id}/kill", call => Done(call, instances.KillAsync(call["id"], call.Query.Text("signal"), default))),
        new("POST", "/containers/{id}/pause", call => Done(call, instances.PauseAsync(call["id"], default))),
        new("POST", "/containers/{id}/unpause", call => Done(call, instances.UnpauseAsync(call["id"], default))),
        new("POST", "/containers/{id}/rename", call => Done(call, instances.RenameAsync(call["id"], call.Query.Required("name"), default))),
        new("DELETE", "/containers/{id}", Remove),
        new("POST", "/containers/{id}/update", Update),
        new("POST", "/containers/{id}/resize", Resize),
        new("POST", "/containers/{id}/wait", Wait),
        new("GET", "/containers/{id}/top", Top),
        new("GET", "/containers/{id}/changes", Changes),
        new("POST", "/commit", Commit),
    ];

    private Task ListAll(ApiCall call)
        => call.Json(instances.List(call.Query.Flag("all"), call.Query.Number("limit") ?? 0, call.Query.Flag("size"), call.Query.Filters()), EngineJson.Wire.IReadOnlyListInstanceSummary);

    private async Task Create(ApiCall call)
    {
        CreateBody body = await call.ReadJson(EngineJson.Wire.CreateBody);
        // A client that leaves now still gets a whole container or none: creation is not cut in half.
        CreateResult result = await instances.CreateAsync(body.ToRequest(call.Query.Text("name"), call.Query.Text("platform")), default);
        await call.Json(result, EngineJson.Wire.CreateResult, 201);
    }

    private async Task Prune(ApiCall call) => await call.Json(await instances.PruneAsync(call.Query.Filters(), default), EngineJson.Wire.PruneResult);

    private Task Inspect(ApiCall call) => call.Json(instances.Inspect(call["id"], call.Query.Flag("size")), EngineJson.Wire.InstanceInspect);

    private Task Start(ApiCall call)
    {
        if (call.Query.Text("checkpoint") is not null)
        {
            throw ApiException.NotImplemented("checkpoints of containers are not supported; start without --checkpoint");
        }
        return Done(call, instances.StartAsync(call["id"], default));
    }

    private Task Remove(ApiCall call)
    {
        if (call.Query.Flag("link"))
        {
            throw ApiException.NotImplemented("links between containers are not supported; remove the container without --link");
        }
        return Done(call, instances.RemoveAsync(call["id"], call.Query.Flag("force"), call.Query.Flag("v"), default));
    }

    private async Task Update(ApiCall call)
        => await call.Json(await instances.UpdateAsync(call["id"], await call.ReadJson(EngineJson.Wire.UpdateConfig), default), EngineJson.Wire.UpdateResult);

    private async Task Resize(ApiCall call)
    {
        await instances.ResizeAsync(call["id"], Dimension(call, "h"), Dimension(call, "w"), call.Stopping);
        await call.Status(200);
    }

    private async Task Wait(ApiCall call)
    {
        WaitCondition condition = call.Query.Text("condition") switch
        {
            null or "not-running" => WaitCondition.NotRunning,
            "next-exit" => WaitCondition.NextExit,
            "removed" => WaitCondition.Removed,
            string other => throw ApiException.BadRequest($"invalid condition: \"{other}\"; use not-running, next-exit or removed"),
        };
        Task<WaitResult> ended = instances.WaitAsync(call["id"], condition, call.Aborted);
        if (ended.IsFaulted)
        {
            await ended;
        }
        // Clients send the start only after they have seen this head.
        Stream answer = await call.StartStream("application/json");
        WaitResult result;
        try
        {
            result = await ended;
        }
        catch (EngineException exception)
        {
            result = new WaitResult { StatusCode = 125, Error = new WaitError { Message = exception.Message } };
        }
        await System.Text.Json.JsonSerializer.SerializeAsync(answer, result, EngineJson.Wire.WaitResult, call.Stopping);
    }

    private async Task Top(ApiCall call) => await call.Json(await instances.TopAsync(call["id"], call.Query.Text("ps_args"), call.Stopping), EngineJson.Wire.TopResult);

    private async Task Changes(ApiCall call) => await call.Json(await instances.ChangesAsync(call["id"], call.Stopping), EngineJson.Wire.IReadOnlyListFilesystemChange);

    private async Task Commit(ApiCall call)
    {
        var request = new CommitRequest
        {
            Container = call.Query.Required("container"),
            Repo = call.Query.Text("repo"),
            Tag = call.Query.Text("tag"),
            Comment = call.Query.Text("comment"),
            Author = call.Query.Text("author"),
            Changes = call.Query.Texts("changes"),
            Pause = call.Query.Flag("pause", absent: true),
            Config = await call.ReadOptionalJson(EngineJson.Wire.InstanceConfig),
        };
        string id = await instances.CommitAsync(request, default);
        await call.Json(new IdAnswer(id), DockerJson.Wire.IdAnswer, 201);
    }

    internal static int Dimension(ApiCall call, string name) => call.Query.Number(name) is { } value and >= 0 and <= ushort.MaxValue
        ? value
        : throw ApiException.BadRequest($"query parameter {name} must be a whole number from 0 to 65535");

    // State changes run to their end even if the client leaves; that is what the client asked for.
    private static async Task Done(ApiCall call, Task change)
    {
        await change;
        await call.Status(204);
    }
}
