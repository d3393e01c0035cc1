using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Daemon and supervisor killed at bad moments. Each test has a daemon of its own.</summary>
public sealed class RecoveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DaemonKilled_RunningContainersGoOnWithCompleteLogs()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await Docker(daemon, "run", "-d", "--name", "c1", "busybox", "sh", "-c", "for i in $(seq 1 150); do echo n$i; sleep 0.1; done; exit 6");
        string pid = (await Docker(daemon, "inspect", "-f", "{{.State.Pid}}", "c1")).Text;
        await daemon.KillAsync();
        Assert.True(Directory.Exists($"/proc/{pid}"));
        await daemon.RestartAsync(Cancellation);
        Assert.Equal($"true {pid}", (await Docker(daemon, "inspect", "-f", "{{.State.Running}} {{.State.Pid}}", "c1")).Text);
        Assert.Equal("6", (await Docker(daemon, "wait", "c1")).Text);
        Assert.Equal(Enumerable.Range(1, 150).Select(i => $"n{i}"), (await Docker(daemon, "logs", "c1")).Lines);
    }

    [Fact]
    public async Task DaemonKilled_ExitMeanwhile_IsRecordedExactly()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await Docker(daemon, "run", "-d", "-i", "--name", "c1", "busybox", "sh", "-c", "sleep 0.5; echo last words; exit 17");
        string pid = (await Docker(daemon, "inspect", "-f", "{{.State.Pid}}", "c1")).Text;
        await daemon.KillAsync();
        await ProcessGoneAsync(int.Parse(pid));
        await daemon.RestartAsync(Cancellation);
        Assert.Equal("exited 17", (await Docker(daemon, "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "c1")).Text);
        Assert.Equal("last words\n", (await Docker(daemon, "logs", "c1")).Output);
    }

    [Fact]
    public async Task DaemonKilled_RestartPolicyContinues()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await Docker(daemon, "run", "-d", "--name", "c1", "--restart", "always", "busybox", "sleep", "1000");
        string pid = (await Docker(daemon, "inspect", "-f", "{{.State.Pid}}", "c1")).Text;
        await daemon.KillAsync();
        (await Command.RunAsync("kill", ["-9", pid], cancellationToken: Cancellation)).Expect();
        await daemon.RestartAsync(Cancellation);
        for (long until = Environment.TickCount64 + 30_000; ; await Task.Delay(50, Cancellation))
        {
            string[] state = (await Docker(daemon, "inspect", "-f", "{{.State.Running}} {{.State.Pid}}", "c1")).Text.Split(' ');
            if (state[0] == "true" && state[1] != pid && state[1] != "0")
                return;
            Assert.True(Environment.TickCount64 < until, "the container was not restarted");
        }
    }

    [Fact]
    public async Task DaemonKilled_AutoRemoveIsFinished()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        string pid;
        await Docker(daemon, "run", "-d", "--rm", "--name", "c1", "busybox", "sleep", "1000");
        pid = (await Docker(daemon, "inspect", "-f", "{{.State.Pid}}", "c1")).Text;
        await daemon.KillAsync();
        (await Command.RunAsync("kill", ["-9", pid], cancellationToken: Cancellation)).Expect();
        await ProcessGoneAsync(int.Parse(pid));
        await daemon.RestartAsync(Cancellation);
        for (long until = Environment.TickCount64 + 30_000; (await Docker(daemon, "ps", "-aq")).Lines.Length > 0; await Task.Delay(50, Cancellation))
            Assert.True(Environment.TickCount64 < until, "the container was not removed");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(daemon.DataRoot, "containers")));
    }

    [Fact]
    public async Task DaemonKilledAgainAndAgain_UnderLoad_LosesNothing()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        var started = new List<string>();
        for (int round = 0; round < 5; round++)
        {
            Task<CommandResult>[] runs = [.. Enumerable.Range(0, 6).Select(i => daemon.DockerAsync(
                ["run", "-d", "--name", $"r{round}-{i}", "busybox", "sleep", "1000"], cancellationToken: Cancellation))];
            await Task.WhenAny(runs);
            await daemon.KillAsync();
            foreach (CommandResult run in await Task.WhenAll(runs))
                if (run.ExitCode == 0)
                    started.Add(run.Text);
            await daemon.RestartAsync(Cancellation);
            string[] running = (await Docker(daemon, "ps", "-q", "--no-trunc")).Lines;
            Assert.All(started, id => Assert.Contains(id, running));
        }
        string[] known = (await Docker(daemon, "ps", "-aq", "--no-trunc")).Lines;
        string[] folders = [.. Directory.EnumerateDirectories(Path.Combine(daemon.DataRoot, "containers")).Select(d => Path.GetFileName(d)!)];
        Assert.Equal(known.Order(), folders.Order());
    }

    [Fact]
    public async Task SupervisorKilled_ContainersGoOnAndExitCodesAreKept()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await Docker(daemon, "run", "-d", "--name", "c1", "busybox", "sh", "-c", "for i in $(seq 1 30); do echo n$i; sleep 0.1; done; exit 6");
        (await Command.RunAsync("kill", ["-9", daemon.SupervisorPid.ToString()], cancellationToken: Cancellation)).Expect();
        Assert.Equal("6", (await Docker(daemon, "wait", "c1")).Text);
        Assert.Equal(Enumerable.Range(1, 30).Select(i => $"n{i}"), (await Docker(daemon, "logs", "c1")).Lines);
        await Docker(daemon, "run", "--rm", "busybox", "true");
    }

    [Fact]
    public async Task Reboot_Simulated_LeavesACleanState()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await Docker(daemon, "run", "-d", "--name", "plain", "busybox", "sleep", "1000");
        await Docker(daemon, "run", "-d", "--name", "always", "--restart", "always", "busybox", "sleep", "1000");
        string[] pids = [.. (await Docker(daemon, "inspect", "-f", "{{.State.Pid}}", "plain", "always")).Lines];
        int supervisor = daemon.SupervisorPid;
        await daemon.KillAsync();
        (await Command.RunAsync("kill", ["-9", supervisor.ToString(), .. pids], cancellationToken: Cancellation)).Expect();
        foreach (string pid in pids)
            await ProcessGoneAsync(int.Parse(pid));
        Directory.Delete(daemon.RunRoot, recursive: true);
        await daemon.RestartAsync(Cancellation);
        Assert.Equal("exited", (await Docker(daemon, "inspect", "-f", "{{.State.Status}}", "plain")).Text);
        for (long until = Environment.TickCount64 + 30_000; (await Docker(daemon, "ps", "--format", "{{.Names}}")).Text != "always"; await Task.Delay(50, Cancellation))
            Assert.True(Environment.TickCount64 < until, "the restart policy did not continue");
        await Docker(daemon, "start", "plain");
    }

    [Fact]
    public async Task DaemonStopped_WithNothingRunning_LeavesNoCgroup()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        await Docker(daemon, "run", "-d", "--name", "c1", "busybox", "sleep", "1000");
        await daemon.StopAsync();
        Assert.Contains(daemon.CgroupFolders(), Directory.Exists); // it runs on
        await daemon.RestartAsync(Cancellation);
        await Docker(daemon, "rm", "-f", "c1");
        await daemon.StopAsync();
        Assert.DoesNotContain(daemon.CgroupFolders(), Directory.Exists);
        await daemon.RestartAsync(Cancellation);
        await Docker(daemon, "run", "--rm", "busybox", "true");
    }

    [Fact]
    public async Task SupervisorKilled_InItsWarmUp_TheNextCleansUp()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        string warmUp = Path.Combine(daemon.RunRoot, "warm-up");
        for (int i = 0; i < 5; i++)
        {
            int supervisor = daemon.SupervisorPid;
            (await Command.RunAsync("kill", ["-9", supervisor.ToString()], cancellationToken: Cancellation)).Expect();
            string file = Path.Combine(daemon.RunRoot, "supervisor.pid");
            for (long until = Environment.TickCount64 + 30_000; ; await Task.Delay(5, Cancellation))
            {
                Assert.True(Environment.TickCount64 < until, "no new supervisor");
                string text = (await Command.RunAsync("cat", [file], cancellationToken: Cancellation)).Text; // empty while it is being written
                if (text.Length > 0 && text != supervisor.ToString())
                    break;
            }
            if (i == 3)
                Directory.CreateDirectory(Path.Combine(warmUp, "containers", "warm-up")); // as a kill in the middle leaves it
        }
        await Docker(daemon, "run", "--rm", "busybox", "true");
        for (long until = Environment.TickCount64 + 30_000; Directory.Exists(warmUp); await Task.Delay(20, Cancellation))
            Assert.True(Environment.TickCount64 < until, "the warm-up's folder is left");
        await Invariants.NothingIsLeftAsync(daemon, Cancellation);
    }

    [Fact]
    public async Task SecondDaemon_OnTheSameFolders_Refuses()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        CommandResult second = await Command.RunAsync(Repository.Program("berthd"),
            ["--host", $"unix://{daemon.Socket}", "--data-root", daemon.DataRoot, "--run-root", daemon.RunRoot], cancellationToken: Cancellation);
        Assert.NotEqual(0, second.ExitCode);
        await Docker(daemon, "ps");
    }

    private static async Task<CommandResult> Docker(PrivateDaemon daemon, params string[] arguments) =>
        (await daemon.DockerAsync(arguments, cancellationToken: Cancellation)).Expect();

    private static async Task ProcessGoneAsync(int pid)
    {
        for (long until = Environment.TickCount64 + 30_000; Directory.Exists($"/proc/{pid}"); await Task.Delay(20, Cancellation))
            Assert.True(Environment.TickCount64 < until, $"process {pid} is still there");
    }
}
