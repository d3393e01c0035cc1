using System.Diagnostics;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary><c>docker logs</c> and <c>docker attach</c>.</summary>
public sealed class LogsTests(DaemonFixture fixture) : DockerTest(fixture)
{
    [Fact]
    public async Task Logs_KeepStreamsApartAndOrder()
    {
        string name = NewName();
        (await Docker("run", "--name", name, "busybox", "sh", "-c", "echo a; echo b >&2; echo c")).Expect();
        CommandResult logs = (await Docker($"logs {name}")).Expect();
        Assert.Equal(("a\nc\n", "b\n"), (logs.Output, logs.Error));
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Logs_TailSinceTimestamps_Select()
    {
        string name = NewName();
        (await Docker("run", "--name", name, "busybox", "sh", "-c", "for i in 1 2 3 4 5; do echo line$i; sleep 0.05; done")).Expect();
        Assert.Equal(["line4", "line5"], (await Docker($"logs --tail 2 {name}")).Expect().Lines);
        Assert.Empty((await Docker($"logs --tail 0 {name}")).Expect().Output);
        string[] stamped = (await Docker($"logs -t {name}")).Expect().Lines;
        Assert.Equal(5, stamped.Length);
        Assert.True(DateTimeOffset.TryParse(stamped[0].Split(' ')[0], out _), stamped[0]);
        string middle = stamped[2].Split(' ')[0];
        Assert.Equal(["line3", "line4", "line5"], (await Docker($"logs --since {middle} {name}")).Expect().Lines);
        Assert.Empty((await Docker($"logs --since {DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()} {name}")).Expect().Output);
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Logs_Follow_EndsWithTheContainer()
    {
        string name = NewName();
        (await Docker("run", "-d", "--name", name, "busybox", "sh", "-c", "for i in 1 2 3; do echo tick$i; sleep 0.2; done")).Expect();
        Assert.Equal(["tick1", "tick2", "tick3"], (await Docker($"logs -f {name}")).Expect().Lines);
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Logs_Rotated_KeepTheNewestLines()
    {
        string name = NewName();
        (await Docker("run", "--name", name, "--log-opt", "max-size=20k", "--log-opt", "max-file=3", "busybox", "seq", "1", "20000")).Expect();
        string[] lines = (await Docker($"logs {name}")).Expect().Lines;
        Assert.Equal("20000", lines[^1]);
        Assert.InRange(lines.Length, 100, 19_999);
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Logs_DriverNone_SaysSo()
    {
        string name = NewName();
        (await Docker($"run --name {name} --log-driver none busybox echo hidden")).Expect();
        Assert.NotEqual(0, (await Docker($"logs {name}")).ExitCode);
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Attach_ToARunningContainer_SeesOutputAndSendsInput()
    {
        string name = NewName();
        (await Docker("run", "-d", "-i", "--name", name, "busybox", "sh", "-c", "read x; echo got $x; exit 9")).Expect();
        CommandResult result = await DockerWithInput("word\n"u8.ToArray(), "attach", name);
        Assert.Equal((9, "got word\n"), (result.ExitCode, result.Output));
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Attach_SeveralClients_AllSeeTheOutput()
    {
        string name = NewName();
        (await Docker("run", "-d", "-i", "--name", name, "busybox", "sh", "-c", "read x; echo all $x")).Expect();
        using Process first = Command.Start("docker", ["attach", "--no-stdin", name], Daemon.Environment);
        await WaitForAttachAsync(name);
        CommandResult second = await DockerWithInput("see\n"u8.ToArray(), "attach", name);
        Assert.Equal("all see\n", second.Output);
        Assert.Equal("all see\n", await first.StandardOutput.ReadToEndAsync(Cancellation));
        await first.WaitForExitAsync(Cancellation);
        (await Docker($"rm {name}")).Expect();
    }

    private async Task WaitForAttachAsync(string name)
    {
        for (long until = Environment.TickCount64 + 30_000; Environment.TickCount64 < until; await Task.Delay(30, Cancellation))
        {
            string now = DateTimeOffset.UtcNow.AddSeconds(1).ToUnixTimeSeconds().ToString();
            CommandResult events = await Docker("events", "--since", "0", "--until", now, "--filter", $"container={name}", "--filter", "event=attach");
            if (events.Lines.Length > 0)
                return;
        }
        Assert.Fail("the attach event never came");
    }
}
