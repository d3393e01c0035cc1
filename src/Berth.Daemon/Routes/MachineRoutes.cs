using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Instances;
using Berth.Engine.Machines;

namespace Berth.Daemon.Routes;

/// <summary>What only virtual machines have: kernels and the serial console.</summary>
internal sealed class MachineRoutes(KernelService kernels, InstanceService instances)
{
    public IEnumerable<Route> List() =>
    [
        new("GET", "/berth/kernels", call => call.Json(kernels.List(), EngineJson.Wire.IReadOnlyListKernelView)),
        new("POST", "/berth/kernels/pull", Pull),
        new("POST", "/berth/kernels/{name}", Import) { UnboundedBody = true },
        new("DELETE", "/berth/kernels/{name}", Remove),
        new("POST", "/berth/containers/{id}/console", Console),
    ];

    private Task Pull(ApiCall call) => ProgressStream.RunAsync(call, async progress =>
    {
        KernelView kernel = await kernels.FetchDefaultAsync(new Steps(progress), call.Stopping);
        progress.Send(new ProgressLine { Status = $"Kernel {kernel.Name}: {kernel.Version}" });
    });

    private async Task Import(ApiCall call)
        => await call.Json(await kernels.ImportAsync(call["name"], call.Body, call.Query.Text("source") ?? "", call.Stopping), EngineJson.Wire.KernelView, 201);

    private async Task Remove(ApiCall call)
    {
        await kernels.RemoveAsync(call["name"], call.Stopping);
        await call.Status(204);
    }

    private async Task Console(ApiCall call)
    {
        Attachment console = await instances.OpenConsoleAsync(call["id"], call.Query.Flag("live", absent: true), call.Stopping);
        HijackedStream client = await call.Hijack("application/vnd.docker.raw-stream");
        await StreamRelay.RunAsync(client, console, console.Stream.CanWrite, call.Stopping);
    }

    private sealed class Steps(ProgressStream progress) : IProgress<string>
    {
        public void Report(string value) => progress.Send(new ProgressLine { Status = value });
    }
}
