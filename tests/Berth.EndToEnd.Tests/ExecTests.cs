using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary><c>docker exec</c>.</summary>
public sealed class ExecTests(DaemonFixture fixture) : DockerTest(fixture), IAsyncLifetime
{
    private readonly string _name = NewName();

    public async ValueTask InitializeAsync() =>
        (await Docker($"run -d --name {_name} -e FROM=container --memory 64m busybox sleep 1000")).Expect();

    public async ValueTask DisposeAsync() => (await Docker($"rm -f {_name}")).Expect();

    [Fact]
    public async Task Exec_OptionsAndExitCode_AreHonoured()
    {
        CommandResult result = await Docker("exec", "-e", "A=1", "-w", "/tmp", "-u", "1234:5678", _name, "sh", "-c",
            "echo $FROM $A; pwd; id -u; id -g; exit 8");
        Assert.Equal(["container 1", "/tmp", "1234", "5678"], result.Expect(8).Lines);
    }

    [Fact]
    public async Task Exec_StandardInput_IsPipedThrough()
    {
        CommandResult result = await DockerWithInput("a\nb\n"u8.ToArray(), "exec", "-i", _name, "cat");
        Assert.Equal("a\nb\n", result.Expect().Output);
    }

    [Fact]
    public async Task Exec_RunsInTheContainersNamespacesAndCgroup()
    {
        const string script = "for n in pid mnt net ipc uts cgroup; do readlink /proc/self/ns/$n; done; grep -E 'CapEff|Seccomp:' /proc/self/status; cat /proc/self/cgroup";
        CommandResult inside = (await Docker("exec", _name, "sh", "-c", script)).Expect();
        CommandResult first = (await Docker("exec", _name, "sh", "-c", script.Replace("self", "1", StringComparison.Ordinal))).Expect();
        Assert.Equal(first.Output, inside.Output);
    }

    [Fact]
    public async Task Exec_CommandNotFound_Answers127() => (await Docker($"exec {_name} no-such-command")).Expect(127);

    [Fact]
    public async Task Exec_NotExecutable_Answers126() => (await Docker($"exec {_name} /etc/passwd")).Expect(126);

    [Fact]
    public async Task Exec_Detached_RunsOn()
    {
        (await Docker("exec", "-d", _name, "sh", "-c", "echo done >/tmp/detached")).Expect();
        for (long until = Environment.TickCount64 + 30_000; Environment.TickCount64 < until; await Task.Delay(20, Cancellation))
            if ((await Docker($"exec {_name} cat /tmp/detached")).Output == "done\n")
                return;
        Assert.Fail("the detached command never wrote its file");
    }

    [Fact]
    public async Task Exec_Tty_IsATerminal()
    {
        CommandResult result = await Command.RunAsync("script",
            ["-qec", $"stty rows 24 cols 77; docker exec -it {_name} sh -c 'tty; sleep 0.5; stty size; exit 4'", "/dev/null"],
            Daemon.Environment, cancellationToken: Cancellation);
        Assert.Contains("/dev/pts", result.Output);
        Assert.Contains("24 77", result.Output);
        Assert.Equal(4, result.ExitCode);
    }

    [Fact]
    public async Task Exec_ManyAtOnce_AllAnswer()
    {
        CommandResult[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Docker("exec", _name, "echo", $"n{i}")));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"n{i}\n"), results.Select(r => r.Expect().Output));
    }

    [Fact]
    public async Task Exec_StoppedContainer_IsRefused()
    {
        string name = NewName();
        (await Docker($"create --name {name} busybox")).Expect();
        Assert.Contains("not running", (await Docker($"exec {name} true")).Error);
        (await Docker($"rm {name}")).Expect();
    }
}
