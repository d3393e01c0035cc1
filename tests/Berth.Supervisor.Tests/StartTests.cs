using Berth.Containers.Supervision;

namespace Berth.Supervisor.Tests;

public sealed class StartTests
{
    [Theory]
    [InlineData("exit 0", 0, null)]
    [InlineData("exit 42", 42, null)]
    [InlineData("kill -9 $$; kill -15 $$; sleep 9", 137, null)]
    public async Task StartAsync_ProcessEnds_TellsItsExitCode(string script, int code, int? signal)
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        if (code == 137) // process 1 of a namespace cannot kill itself: done from outside
            script = "sleep 60";
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/sh", "-c", script), TestContext.Current.CancellationToken);
        if (code == 137)
        {
            await fixture.Client.SignalAsync(id, null, 9, TestContext.Current.CancellationToken);
            signal = 9;
        }
        SupervisedProcess exit = await fixture.ExitAsync(id);
        Assert.Equal((code, signal, null), (exit.ExitCode, exit.Signal, exit.Error));
    }

    [Fact]
    public async Task StartAsync_ProgramMissing_Says127AndLeavesNothing()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        SupervisorException error = await Assert.ThrowsAsync<SupervisorException>(
            () => fixture.Client.StartAsync(fixture.Request(id, "/bin/nothing"), TestContext.Current.CancellationToken));
        Assert.Equal((SupervisorErrorKind.StartFailed, 127), (error.Kind, error.ExitCode));
        Assert.Empty(Directory.EnumerateDirectories(fixture.Paths.Containers));
        Assert.Empty(fixture.Cgroups());
        Assert.Empty(await fixture.Client.ListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task StartAsync_RunningAlready_IsConflict()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/sleep", "60"), TestContext.Current.CancellationToken);
        SupervisorException error = await Assert.ThrowsAsync<SupervisorException>(
            () => fixture.Client.StartAsync(fixture.Request(id, "/bin/true"), TestContext.Current.CancellationToken));
        Assert.Equal(SupervisorErrorKind.Conflict, error.Kind);
    }

    [Fact]
    public async Task ForgetAsync_AfterExit_LeavesNothing()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/true"), TestContext.Current.CancellationToken);
        await fixture.ExitAsync(id);
        Assert.Single(await fixture.Client.ListAsync(TestContext.Current.CancellationToken));
        await fixture.Client.ForgetAsync(id, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(await fixture.Client.ListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateDirectories(fixture.Paths.Containers));
        Assert.Empty(fixture.Cgroups());
    }

    [Fact]
    public async Task StartAsync_SignalDispositions_AreDefault()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"), TestContext.Current.CancellationToken);
        await fixture.ExitAsync(id);
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", await fixture.LogAsync(id));
    }

    [Fact]
    public async Task StartAsync_ManyInParallel_AllRunWithFewThreads()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string[] ids = [.. Enumerable.Range(0, 200).Select(_ => fixture.NewId())];
        long began = TimeProvider.System.GetTimestamp();
        await fixture.Client.StartAsync(fixture.Request(fixture.NewId(), "/bin/true"), TestContext.Current.CancellationToken);
        TimeSpan first = TimeProvider.System.GetElapsedTime(began);
        began = TimeProvider.System.GetTimestamp();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken },
            async (id, token) => await fixture.Client.StartAsync(fixture.Request(id, "/bin/sleep", "600"), token));
        TimeSpan rest = TimeProvider.System.GetElapsedTime(began);
        SupervisorInfo info = await fixture.Client.PingAsync(TestContext.Current.CancellationToken);
        string[] status = File.ReadAllLines($"/proc/{info.Pid}/status");
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"first start {first.TotalMilliseconds:F1} ms, then {rest.TotalMilliseconds / ids.Length:F2} ms each; {string.Join(", ", status.Where(static l => l.StartsWith("Vm", StringComparison.Ordinal) || l.StartsWith("Rss", StringComparison.Ordinal)))}");
        int threads = int.Parse(status.Single(static l => l.StartsWith("Threads:", StringComparison.Ordinal))["Threads:".Length..]);
        Assert.InRange(threads, 1, 40);
        Assert.Equal(200, (await fixture.Client.ListAsync(TestContext.Current.CancellationToken)).Count(static p => p.IsRunning));
        await Parallel.ForEachAsync(ids, TestContext.Current.CancellationToken, async (id, token) => await fixture.Client.SignalAsync(id, null, 9, token));
        HashSet<string> open = [.. ids];
        await foreach (SupervisorEvent news in fixture.Client.WatchAsync(TestContext.Current.CancellationToken))
        {
            if (news.Process is { } process && open.Remove(process.Id))
                await fixture.Client.ForgetAsync(process.Id, cancellationToken: TestContext.Current.CancellationToken);
            if (open.Count == 0)
                break;
        }
        Assert.DoesNotContain(fixture.Cgroups(), ids.Contains);
    }
}
