using System.Text.Json;
using Berth.Testing;

namespace Berth.Oci.Tests;

/// <summary>Debian's containerd with berth-oci as the runtime of its shim.</summary>
[Trait("Category", "slow")]
public sealed class ContainerdTests
{
    private const int Patience = 300_000;
    private const string Loop = "trap 'exit 3' TERM; while :; do sleep 0.1; done";

    [Fact(Timeout = Patience)]
    public async Task Run_OutputAndExitCode_AreTheContainers()
    {
        await using Containerd containerd = await Containerd.StartAsync();
        CommandResult result = await containerd.RunAsync("a", ["--rm", "--env", "A=1", "--cwd", "/tmp", "--seccomp"], "sh", "-c", "echo $A; pwd; echo err >&2; exit 4");
        Assert.Equal((4, "1\n/tmp\n"), (result.ExitCode, result.Output));
        Assert.Contains("err\n", result.Error, StringComparison.Ordinal);
        result = await containerd.RunAsync("c", ["--rm"], "nosuch");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("executable file not found", result.Error, StringComparison.Ordinal);
        result = await containerd.RunAsync("d", ["--rm", "--cgroup", "machine.slice:berth:d", "--runc-systemd-cgroup"], "true");
        Assert.Contains("not through systemd", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(containerd.State));
        Assert.Empty((await containerd.CtrAsync("tasks", "ls", "-q")).Expect().Output);
    }

    [Fact(Timeout = Patience)]
    public async Task Run_OnATerminal_GetsOne()
    {
        await using Containerd containerd = await Containerd.StartAsync();
        CommandResult result = await containerd.OnTerminalAsync([.. containerd.RunArguments("t", ["--rm", "-t"]), "sh", "-c", "'tty; exit 5'"]);
        Assert.Equal(5, result.ExitCode);
        Assert.Contains("/dev/pts/0", result.Output, StringComparison.Ordinal);
        (await containerd.RunAsync("c", ["-d"], "sh", "-c", Loop)).Expect();
        Assert.Contains("/dev/pts/", (await containerd.OnTerminalAsync([.. containerd.ExecArguments("c", "e", "-t"), "tty"])).Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Exec_Metrics_Pause_Kill_Delete_WorkOnARunningTask()
    {
        await using Containerd containerd = await Containerd.StartAsync();
        (await containerd.RunAsync("c", ["-d", "--memory-limit", "67108864"], "sh", "-c", Loop)).Expect();
        Assert.Equal("RUNNING", await containerd.StatusAsync("c"));
        Assert.Contains("startTicks", File.ReadAllText(Path.Combine(containerd.State, "c/state.json")), StringComparison.Ordinal); // berth-oci's own record, not runc's
        CommandResult exec = await containerd.ExecAsync("c", "e", "sh", "-c", "echo within; exit 7");
        Assert.Equal((7, "within\n"), (exec.ExitCode, exec.Output));
        (await containerd.CtrAsync([.. containerd.ExecArguments("c", "f", "-d"), "sleep", "1000"])).Expect();
        Assert.True((await containerd.CtrAsync("tasks", "ps", "c")).Expect().Lines.Length >= 3, "the heading, the first process, the second");
        string metrics = (await containerd.CtrAsync("tasks", "metrics", "--format", "json", "c")).Expect().Output;
        Assert.Contains("67108864", metrics, StringComparison.Ordinal);
        Assert.True(JsonDocument.Parse(metrics).RootElement.GetProperty("pids").GetProperty("current").GetInt32() >= 2);
        (await containerd.CtrAsync("tasks", "pause", "c")).Expect();
        Assert.Equal("PAUSED", await containerd.StatusAsync("c"));
        (await containerd.CtrAsync("tasks", "resume", "c")).Expect();
        Assert.Equal("RUNNING", await containerd.StatusAsync("c"));
        (await containerd.CtrAsync("tasks", "kill", "-s", "TERM", "c")).Expect();
        await containerd.UntilAsync("c", "STOPPED");
        CommandResult late = await containerd.CtrAsync("tasks", "kill", "-s", "KILL", "c");
        Assert.Equal(1, late.ExitCode);
        Assert.Contains("process already finished", late.Error, StringComparison.Ordinal);
        Assert.Contains("exit code 3", (await containerd.CtrAsync("tasks", "delete", "c")).Expect().Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(containerd.State));
        (await containerd.CtrAsync("containers", "delete", "c")).Expect();
    }

    [Fact(Timeout = Patience)]
    public async Task Checkpoint_IsRefused_AndTheTaskGoesOn()
    {
        await using Containerd containerd = await Containerd.StartAsync();
        (await containerd.RunAsync("c", ["-d"], "sh", "-c", Loop)).Expect();
        CommandResult result = await containerd.CtrAsync("tasks", "checkpoint", "c");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("processes cannot be kept on disk", result.Error, StringComparison.Ordinal);
        Assert.Equal("RUNNING", await containerd.StatusAsync("c"));
        (await containerd.CtrAsync("tasks", "kill", "--all", "-s", "KILL", "c")).Expect();
        await containerd.UntilAsync("c", "STOPPED");
        Assert.Contains("exit code 137", (await containerd.CtrAsync("tasks", "delete", "c")).Expect().Error, StringComparison.Ordinal);
    }
}
