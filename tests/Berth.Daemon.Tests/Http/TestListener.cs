using System.IO.Pipelines;
using System.Net.Sockets;
using Berth.Daemon.Hosting;
using Berth.Daemon.Http;
using Berth.Daemon.Routes;
using Berth.Engine;
using Berth.Engine.Configuration;
using Berth.Engine.Instances;
using Berth.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.Daemon.Tests.Http;

/// <summary>The real listener on a private socket, with routes that need no engine.</summary>
public sealed class TestListener : IAsyncLifetime
{
    private readonly TemporaryDirectory _root = new();
    private ApiListener? _listener;

    public TaskCompletionSource SilentEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Socket => _root.Combine("api.sock");

    public async ValueTask InitializeAsync()
    {
        IReadOnlyList<Route> routes =
        [
            .. PingRoutes.List(),
            .. SwarmRoutes.List(),
            new("POST", "/late/{id}/attach", Late),
            new("POST", "/silent/{id}/attach", Silent),
            new("POST", "/echo", Echo),
            new("POST", "/strict", Strict),
            new("POST", "/host", Strict),
            new("GET", "/images/{name*}/json", call => call.Text(call["name"])),
            new("GET", "/crash", _ => throw new InvalidOperationException("secret state")),
            new("GET", "/wait", Wait),
            new("POST", "/upload", Upload) { UnboundedBody = true },
        ];
        _listener = await ApiListener.StartAsync([new UnixDomainSocketEndPoint(Socket)], routes, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }
        _root.Dispose();
    }

    // Reads a JSON body as exec start does, then answers every input byte only after the input's end.
    private static async Task Late(ApiCall call)
    {
        await call.ReadDocument();
        var toWorkload = new Pipe();
        var fromWorkload = new Pipe();
        var stream = new DuplexStream(fromWorkload.Reader.AsStream(), toWorkload.Writer.AsStream());
        await using var workload = new Attachment(stream, tty: true, () => toWorkload.Writer.Complete());
        Task answering = Task.Run(async () =>
        {
            using var text = new StreamReader(toWorkload.Reader.AsStream());
            string input = await text.ReadToEndAsync();
            for (int i = 0; i < 5; i++)
            {
                await fromWorkload.Writer.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"<{i}:{input}>"));
                await Task.Yield();
            }
            await fromWorkload.Writer.CompleteAsync();
        });
        HijackedStream client = await call.Hijack("application/vnd.docker.raw-stream");
        await StreamRelay.RunAsync(client, workload, input: true, call.Stopping);
        await answering;
    }

    // A workload that never says anything.
    private async Task Silent(ApiCall call)
    {
        await using var workload = new Attachment(new DuplexStream(new Pipe().Reader.AsStream(), Stream.Null), tty: true, () => { });
        await StreamRelay.RunAsync(await call.Hijack("application/vnd.docker.raw-stream"), workload, input: true, call.Stopping);
        SilentEnded.TrySetResult();
    }

    private static async Task Echo(ApiCall call)
    {
        using var reader = new StreamReader(call.Body);
        await call.Text(await reader.ReadToEndAsync(call.Stopping));
    }

    private static async Task Strict(ApiCall call)
    {
        CreateBody body = await call.ReadJson(EngineJson.Wire.CreateBody);
        await call.Text(body.Image ?? "none");
    }

    private static async Task Wait(ApiCall call)
    {
        Stream answer = await call.StartStream("application/json");
        await Task.Delay(Timeout.Infinite, call.Aborted).ContinueWith(_ => { }, TaskScheduler.Default);
        await answer.WriteAsync("{}"u8.ToArray());
    }

    private static async Task Upload(ApiCall call)
    {
        byte[] buffer = new byte[65536];
        long total = 0;
        int count;
        while ((count = await call.Body.ReadAsync(buffer, call.Stopping)) > 0)
        {
            total += count;
        }
        await call.Text(total.ToString());
    }
}
