using System.Text.Json;
using Berth.Containers.Cgroups;
using Berth.Testing;

namespace Berth.Oci.Tests;

/// <summary>Debian's podman with berth-oci as its runtime.</summary>
[Trait("Category", "slow")]
public sealed class PodmanTests : IAsyncLifetime
{
    private const int Patience = 300_000;
    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Parent => $"/{Path.GetFileName(_folder.Path)}";

    public async ValueTask InitializeAsync()
    {
        Requires.Root();
        string root = _folder.Combine("rootfs"), tar = _folder.Combine("image.tar");
        Directory.CreateDirectory(Path.Combine(root, "bin"));
        Directory.CreateDirectory(Path.Combine(root, "tmp"));
        File.Copy("/bin/busybox", Path.Combine(root, "bin/busybox"));
        foreach (string name in (string[])["sh", "sleep", "id", "tty", "pwd"]) File.CreateSymbolicLink(Path.Combine(root, "bin", name), "busybox");
        (await Command.RunAsync("tar", ["-cf", tar, "-C", root, "."])).Expect();
        (await Podman("import", tar, "localhost/small")).Expect();
    }

    public async ValueTask DisposeAsync()
    {
        await Podman("rm", "-f", "-a", "-t", "0");
        CgroupHierarchy cgroups = CgroupHierarchy.Detect();
        // The monitor of each container stands in a group of its own until it has ended.
        for (long until = Environment.TickCount64 + 30_000; !(cgroups.RemoveIfEmpty($"{Parent}/conmon") & cgroups.RemoveIfEmpty(Parent)) && Environment.TickCount64 < until;) await Task.Delay(100);
        _folder.Dispose();
    }

    private Task<CommandResult> Podman(params string[] arguments) => Command.RunAsync("podman",
    [
        "--root", _folder.Combine("storage"), "--runroot", _folder.Combine("run"), "--tmpdir", _folder.Combine("tmp"), "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs",
        "--events-backend", "file", "--network-config-dir", _folder.Combine("networks"), "--runtime", OciRuntime.Program, .. arguments,
    ]);

    private Task<CommandResult> RunImage(params string[] arguments) => Podman(["run", "--network", "none", "--cgroup-parent", Parent, .. arguments]);

    [Fact(Timeout = Patience)]
    public async Task Run_OutputAndExitCode_AreTheContainers()
    {
        CommandResult result = await RunImage("--rm", "-e", "A=1", "-w", "/tmp", "-u", "5:6", "localhost/small", "sh", "-c", "echo $A; pwd; id -u; exit 4");
        Assert.Equal((4, "1\n/tmp\n5\n"), (result.ExitCode, result.Output));
        Assert.Equal(127, (await RunImage("--rm", "localhost/small", "nosuch")).ExitCode);
    }

    [Fact(Timeout = Patience)]
    public async Task Exec_Stats_Pause_Stop_WorkOnARunningContainer()
    {
        (await RunImage("-d", "--name", "c", "--pids-limit", "50", "localhost/small", "sh", "-c", "echo begun; trap 'exit 0' TERM; while :; do sleep 0.1; done")).Expect();
        CommandResult exec = await Podman("exec", "-e", "B=2", "c", "sh", "-c", "echo $B; exit 7");
        Assert.Equal((7, "2\n"), (exec.ExitCode, exec.Output));
        Assert.Contains("/dev/pts/", (await Podman("exec", "-t", "c", "tty")).Expect().Output, StringComparison.Ordinal);
        JsonElement stats = JsonDocument.Parse((await Podman("stats", "--no-stream", "--format", "json", "c")).Expect().Output).RootElement[0];
        Assert.NotEqual("0", stats.GetProperty("pids").GetString());
        Assert.DoesNotContain("--", stats.GetProperty("mem_usage").GetString(), StringComparison.Ordinal);
        (await Podman("pause", "c")).Expect();
        Assert.Equal("paused", await StatusAsync());
        (await Podman("unpause", "c")).Expect();
        Assert.Equal("running", await StatusAsync());
        (await Podman("stop", "-t", "60", "c")).Expect();
        Assert.Equal("exited 0", (await Podman("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "c")).Expect().Text);
        Assert.Equal("begun", (await Podman("logs", "c")).Expect().Text);
        (await Podman("start", "c")).Expect();
        (await Podman("kill", "-s", "KILL", "c")).Expect();
        Assert.Equal("137", (await Podman("wait", "c")).Expect().Text);
        (await Podman("rm", "c")).Expect();

        async Task<string> StatusAsync() => (await Podman("inspect", "-f", "{{.State.Status}}", "c")).Expect().Text;
    }

    [Fact(Timeout = Patience)]
    public async Task Run_InAnothersPidNamespace_SeesItsProcesses()
    {
        (await RunImage("-d", "--name", "first", "localhost/small", "sleep", "1000")).Expect();
        CommandResult result = await RunImage("--rm", "--pid", "container:first", "localhost/small", "sh", "-c", "read -r first < /proc/1/comm; echo $first");
        Assert.Equal((0, "sleep\n"), (result.ExitCode, result.Output));
    }
}
