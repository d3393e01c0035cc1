using System.Text;
using Berth.Containers.Supervision;
using Berth.Linux;

namespace Berth.Supervisor.Tests;

public sealed class AdoptionTests
{
    [Fact]
    public async Task Supervisor_KilledAndStartedAgain_LogIsCompleteAndExitCodeExact()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        StartRequest request = fixture.Request(id, "/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; read x; exit 33")
            with
        { OpenStdin = true };
        using CancellationTokenSource ending = new();
        TaskCompletionSource watching = new();
        Task watch = KeepWatchingAsync(fixture, watching, ending.Token);
        await watching.Task;
        await fixture.Client.StartAsync(request, TestContext.Current.CancellationToken);
        for (int i = 0; i < 3; i++)
        {
            await KillSupervisorAsync(fixture);
            await fixture.LaunchAsync();
        }
        SupervisorInfo info = await fixture.Client.PingAsync(TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), (info.Running, info.Adopted));
        using (AttachStream stream = await fixture.Client.AttachAsync(new() { Id = id, Stdin = true }, TestContext.Current.CancellationToken))
            await stream.WriteAsync("\n"u8.ToArray(), TestContext.Current.CancellationToken);
        SupervisedProcess exit = await fixture.ExitAsync(id);
        Assert.Equal((33, null), (exit.ExitCode, exit.Error));
        Assert.Equal(string.Concat(Enumerable.Range(0, 20000).Select(static i => $"line {i}\n")), await fixture.LogAsync(id));
        await fixture.Client.ForgetAsync(id, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(Directory.EnumerateDirectories(fixture.Paths.Containers));
        Assert.Empty(fixture.Cgroups());
        await ending.CancelAsync();
        await watch;
    }

    [Fact]
    public async Task Supervisor_ProcessEndsWhileNoneRuns_DaemonsPidfdStillKnowsTheExitCode()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        using CancellationTokenSource ending = new();
        TaskCompletionSource watching = new();
        Task watch = KeepWatchingAsync(fixture, watching, ending.Token);
        await watching.Task;
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/sh", "-c", "echo before; read x; echo after; exit 21") with { OpenStdin = true }, TestContext.Current.CancellationToken);
        SupervisedProcess process = (await fixture.Client.ListAsync(TestContext.Current.CancellationToken)).Single();
        using FileDescriptor pidFd = Libc.OpenProcess(process.Pid);
        using FileDescriptor input = Libc.Open(Path.Combine(fixture.Paths.Containers, id, "stdin"), Libc.O_WRONLY | Libc.O_CLOEXEC);
        await KillSupervisorAsync(fixture);
        Libc.WriteAll(input, "\n"u8);
        Libc.Poll([new Libc.pollfd { fd = pidFd.Number, events = Libc.POLLIN }], 10_000);
        await fixture.LaunchAsync();
        SupervisedProcess exit = await fixture.ExitAsync(id);
        Assert.Equal((21, null), (exit.ExitCode, exit.Error));
        Assert.Equal("before\nafter\n", await fixture.LogAsync(id));
        await ending.CancelAsync();
        await watch;
    }

    [Fact]
    public async Task Supervisor_KilledWithTerminal_GetsItBack()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        using CancellationTokenSource ending = new();
        TaskCompletionSource watching = new();
        Task watch = KeepWatchingAsync(fixture, watching, ending.Token);
        await watching.Task;
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/sh", "-c", "read x; echo got $x; exit 5") with { Tty = true, OpenStdin = true }, TestContext.Current.CancellationToken);
        await KillSupervisorAsync(fixture);
        await fixture.LaunchAsync();
        using AttachStream stream = await fixture.Client.AttachAsync(new() { Id = id, Stdin = true, Stdout = true }, TestContext.Current.CancellationToken);
        await stream.WriteAsync(Encoding.ASCII.GetBytes("word\n"), TestContext.Current.CancellationToken);
        using StreamReader reader = new(stream);
        Assert.Equal("word\r\ngot word\r\n", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(5, (await fixture.ExitAsync(id)).ExitCode);
        await ending.CancelAsync();
        await watch;
    }

    [Fact]
    public async Task Supervisor_KilledDuringAStart_NextOneUndoesIt()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/sleep", "600"), TestContext.Current.CancellationToken);
        int pid = (await fixture.Client.ListAsync(TestContext.Current.CancellationToken)).Single().Pid;
        await KillSupervisorAsync(fixture);
        File.Delete(Path.Combine(fixture.Paths.Containers, id, "state.json")); // as if killed just before it was written
        await fixture.LaunchAsync();
        Assert.Empty(await fixture.Client.ListAsync(TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateDirectories(fixture.Paths.Containers));
        Assert.Empty(fixture.Cgroups());
        Assert.True(!File.Exists($"/proc/{pid}/stat") || File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal));
    }

    /// <summary>What the daemon does: watch, and start the supervisor when it is gone.</summary>
    private static async Task KeepWatchingAsync(SupervisorFixture fixture, TaskCompletionSource watching, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await foreach (SupervisorEvent _ in fixture.Client.WatchAsync(cancellationToken))
                    watching.TrySetResult();
            }
            catch (SupervisorException)
            {
                await Task.Delay(5, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    private static async Task KillSupervisorAsync(SupervisorFixture fixture)
    {
        int pid = (await fixture.Client.PingAsync(TestContext.Current.CancellationToken)).Pid;
        using FileDescriptor pidFd = Libc.OpenProcess(pid);
        Libc.SendSignal(pidFd, 9);
        await Task.Run(() => Libc.Poll([new Libc.pollfd { fd = pidFd.Number, events = Libc.POLLIN }], 10_000));
    }
}
