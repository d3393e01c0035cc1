using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>A private daemon with a kernel, and one virtual machine that the tests of a class share: booting one takes many seconds.</summary>
public sealed class VmFixture : IAsyncLifetime
{
    /// <summary>The shared machine: prints <c>ready</c> and a message to standard error, then waits.</summary>
    public const string Machine = "shared";

    private PrivateDaemon? _daemon;

    public PrivateDaemon Daemon => _daemon ?? throw new InvalidOperationException("the daemon has not been started");

    /// <summary>The default kernel's release.</summary>
    public string Release { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _daemon = await PrivateDaemon.StartAsync();
        await ProvideKernelAsync(_daemon);
        Release = (await _daemon.BerthAsync(["kernel", "ls", "--format", "{{.Name}} {{.Release}}"])).Expect().Text.Split(' ')[1];
        (await _daemon.DockerAsync(
            ["run", "-d", "--runtime", "vm", "--name", Machine, "-m", "256m", "--cpus", "1", "-e", "A=of the machine", "-h", "berth-guest", "--tmpfs", "/scratch:size=1m",
                "busybox", "sh", "-c", "echo ready; echo to stderr >&2; sleep 100000"])).Expect();
        await WaitForLogAsync(_daemon, Machine, "ready");
    }

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
    }

    /// <summary>Waits until a machine's log holds a line; fails with what it and its console said when that takes too long.</summary>
    public static async Task WaitForLogAsync(PrivateDaemon daemon, string name, string line)
    {
        for (long until = Environment.TickCount64 + 300_000; ; await Task.Delay(200))
        {
            CommandResult logs = await daemon.DockerAsync(["logs", name]);
            if (logs.Lines.Contains(line))
                return;
            if (Environment.TickCount64 > until)
                Assert.Fail($"no line '{line}' of {name}; log: {logs.Output}{logs.Error}; console: {(await daemon.BerthAsync(["vm", "console", "--history", name])).Output}");
        }
    }

    /// <summary>Gives a daemon the default kernel. The package is large: the tests of the VMM keep one, which is copied.</summary>
    public static async Task ProvideKernelAsync(PrivateDaemon daemon)
    {
        string kept = Path.Combine(Environment.GetEnvironmentVariable("BERTH_TEST_KERNELS") ?? Path.Combine(Path.GetTempPath(), "berth-kernels"), "debian-cloud");
        if (File.Exists(Path.Combine(kept, "kernel.json")))
            (await Command.RunAsync("cp", ["-a", kept, Path.Combine(daemon.DataRoot, "kernels")])).Expect();
        (await daemon.BerthAsync(["kernel", "pull"])).Expect();
    }
}
