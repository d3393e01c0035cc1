using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Instances;

namespace Berth.Daemon.Routes;

/// <summary>Streams of containers: attach, logs, stats.</summary>
internal sealed class ContainerStreamRoutes(InstanceService instances)
{
    public IEnumerable<Route> List() =>
    [
        new("POST", "/containers/{id}/attach", Attach),
        new("GET", "/containers/{id}/attach/ws", _ => throw ApiException.NotImplemented("attaching over WebSocket is not supported; use POST /containers/{id}/attach")),
        new("GET", "/containers/{id}/logs", Logs),
        new("GET", "/containers/{id}/stats", Stats),
    ];

    private async Task Attach(ApiCall call)
    {
        var options = new AttachOptions
        {
            Stdin = call.Query.Flag("stdin"),
            Stdout = call.Query.Flag("stdout"),
            Stderr = call.Query.Flag("stderr"),
            Logs = call.Query.Flag("logs"),
            Stream = call.Query.Flag("stream"),
            DetachKeys = call.Query.Text("detachKeys"),
        };
        Attachment workload = await instances.AttachAsync(call["id"], options, call.Stopping);
        HijackedStream client = await call.Hijack(StreamType(call, workload.Tty));
        await StreamRelay.RunAsync(client, workload, options.Stdin && options.Stream, call.Stopping);
    }

    private async Task Logs(ApiCall call)
    {
        var options = new LogOptions
        {
            Stdout = call.Query.Flag("stdout"),
            Stderr = call.Query.Flag("stderr"),
            Follow = call.Query.Flag("follow"),
            Since = call.Query.Text("since") == "0" ? null : call.Query.Time("since"),
            Until = call.Query.Text("until") == "0" ? null : call.Query.Time("until"),
            Tail = call.Query.Text("tail") is null or "all" ? null : Tail(call),
        };
        if (!options.Stdout && !options.Stderr)
        {
            throw ApiException.BadRequest("Bad parameters: you must choose at least one stream");
        }
        IAsyncEnumerable<LogEntry> entries = instances.Logs(call["id"], options, call.Aborted);
        bool tty = instances.IsTty(call["id"]);
        await call.StartStream(StreamType(call, tty));
        var framing = new LogFraming(call.Http.Response.BodyWriter, tty, call.Query.Flag("timestamps"), call.Query.Flag("details"));
        await framing.WriteAllAsync(entries, call.Aborted);
    }

    private async Task Stats(ApiCall call)
    {
        bool stream = call.Query.Flag("stream", absent: true);
        bool oneShot = call.Query.Flag("one-shot");
        if (stream && oneShot)
        {
            throw ApiException.BadRequest("cannot have stream=true and one-shot=true");
        }
        IAsyncEnumerable<InstanceStats> samples = instances.Stats(call["id"], stream, oneShot, call.Aborted);
        Stream answer = await call.StartStream("application/json");
        await foreach (InstanceStats sample in samples)
        {
            await ApiCall.SendLine(answer, sample, EngineJson.Wire.InstanceStats, call.Aborted);
        }
    }

    // A number that makes no sense means all, as in Docker.
    private static int? Tail(ApiCall call) => int.TryParse(call.Query.Text("tail"), out int lines) && lines >= 0 ? lines : null;

    /// <summary>Since 1.42 the content type tells framed from raw.</summary>
    internal static string StreamType(ApiCall call, bool tty) => tty || call.Version < new ApiVersion(1, 42)
        ? "application/vnd.docker.raw-stream"
        : "application/vnd.docker.multiplexed-stream";
}
