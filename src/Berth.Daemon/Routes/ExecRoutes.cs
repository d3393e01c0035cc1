using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Execs;
using Berth.Engine.Instances;

namespace Berth.Daemon.Routes;

/// <summary>Further processes in running containers.</summary>
internal sealed class ExecRoutes(ExecService execs)
{
    public IEnumerable<Route> List() =>
    [
        new("POST", "/containers/{id}/exec", Create),
        new("POST", "/exec/{id}/start", Start),
        new("POST", "/exec/{id}/resize", Resize),
        new("GET", "/exec/{id}/json", Inspect),
    ];

    private async Task Create(ApiCall call)
    {
        ExecConfig config = await call.ReadJson(EngineJson.Wire.ExecConfig);
        await call.Json(execs.Create(call["id"], config), EngineJson.Wire.ExecCreated, 201);
    }

    private async Task Start(ApiCall call)
    {
        // The body is read before the socket is taken over: a request to start carries both a body and an upgrade.
        ExecStartOptions options = await call.ReadOptionalJson(EngineJson.Wire.ExecStartOptions) ?? new ExecStartOptions();
        string id = call["id"];
        if (options.Detach)
        {
            await execs.StartDetachedAsync(id, default);
            await call.Status(200);
            return;
        }
        ExecInspect exec = execs.Inspect(id);
        Attachment workload;
        try
        {
            workload = await execs.StartAsync(id, options, default);
        }
        catch (EngineException exception) when (exception.ExitCode != 0 && call.WantsUpgrade)
        {
            // A program that cannot be run is told in the stream, as a shell would; the exit code comes with the exec's state.
            await using HijackedStream refused = await call.Hijack(ContainerStreamRoutes.StreamType(call, options.Tty));
            await refused.HeadTakenAsync(call.Stopping);
            await refused.Output.WriteAsync(Frame.Of(exception.Message, options.Tty));
            return;
        }
        HijackedStream client = await call.Hijack(ContainerStreamRoutes.StreamType(call, workload.Tty));
        await StreamRelay.RunAsync(client, workload, exec.OpenStdin, call.Stopping);
    }

    private async Task Resize(ApiCall call)
    {
        await execs.ResizeAsync(call["id"], ContainerRoutes.Dimension(call, "h"), ContainerRoutes.Dimension(call, "w"), call.Stopping);
        await call.Status(200);
    }

    private Task Inspect(ApiCall call) => call.Json(execs.Inspect(call["id"]), EngineJson.Wire.ExecInspect);
}
