using System.Diagnostics;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Builds whose daemon or client goes away.</summary>
public sealed class BuildRecoveryTests(DaemonFixture fixture) : DockerTest(fixture)
{
    [Fact]
    public async Task Kill_DuringABuild_LeavesNothingAndTheNextGoesOn()
    {
        string mark = NewName();
        var folder = new BuildContextFolder(Daemon.Scratch, $"FROM busybox\nRUN cat /proc/sys/kernel/random/uuid >/first\nRUN echo {mark}; test -e /go || sleep 100000\n");
        using Process build = Command.Start("docker", ["build", folder.Path], Daemon.Environment);
        await UntilAsync(build, mark);
        string first = Assert.Single(Steps());
        await Daemon.KillAsync();
        await build.WaitForExitAsync(Cancellation);
        await Daemon.RestartAsync(Cancellation);
        await Invariants.NothingIsLeftAsync(Daemon, Cancellation);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Daemon.DataRoot, "images", "tmp")));

        await File.WriteAllTextAsync(Path.Combine(folder.Path, "Dockerfile"), "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid >/first\nRUN true\n", Cancellation);
        CommandResult next = (await Docker("build", folder.Path)).Expect();
        Assert.Contains("Using cache", next.Output, StringComparison.Ordinal);
        Assert.Equal(first, Assert.Single(Steps()));
        (await Docker("run --rm busybox true")).Expect();
    }

    [Fact]
    public async Task Client_Leaves_TheBuildEndsAndLeavesNothing()
    {
        string mark = NewName();
        var folder = new BuildContextFolder(Daemon.Scratch, $"FROM busybox\nRUN echo {mark}; sleep 100000\n");
        using Process build = Command.Start("docker", ["build", folder.Path], Daemon.Environment);
        await UntilAsync(build, mark);
        build.Kill();
        await build.WaitForExitAsync(Cancellation);
        for (long until = Environment.TickCount64 + 60_000; Directory.EnumerateFileSystemEntries(Path.Combine(Daemon.DataRoot, "images", "tmp")).Any() && Environment.TickCount64 < until; await Task.Delay(50, Cancellation))
        {
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Daemon.DataRoot, "images", "tmp")));
        await Invariants.NothingIsLeftAsync(Daemon, Cancellation);
    }

    private string[] Steps() => [.. Directory.GetFiles(Path.Combine(Daemon.DataRoot, "images", "steps"))
        .Where(static file => File.ReadAllText(file).Contains("uuid", StringComparison.Ordinal)).Select(static file => Path.GetFileName(file)!)];

    private static async Task UntilAsync(Process build, string mark)
    {
        while (await build.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.Trim() == mark)
                return;
        }
        Assert.Fail("the build ended before its command ran");
    }
}
