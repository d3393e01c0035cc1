using System.Text;
using Berth.Containers.Supervision;

namespace Berth.Supervisor.Tests;

public sealed class OutputTests
{
    [Fact]
    public async Task AttachAsync_BeforeManyFastStarts_DeliversEverything()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        for (int i = 0; i < 200; i++)
        {
            string id = fixture.NewId();
            using AttachStream stream = await fixture.Client.AttachAsync(new() { Id = id, Stdout = true, Stderr = true }, TestContext.Current.CancellationToken);
            await fixture.Client.StartAsync(fixture.Request(id, "/bin/sh", "-c", $"echo out{i}; echo err{i} >&2"), TestContext.Current.CancellationToken);
            Assert.Equal(($"out{i}\n", $"err{i}\n"), await Frames.ReadAsync(stream));
            Assert.Equal(0, (await fixture.ExitAsync(id)).ExitCode);
            string[] lines = (await fixture.LogAsync(id)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal([$"err{i}", $"out{i}"], lines.Order());
            await fixture.Client.ForgetAsync(id, cancellationToken: TestContext.Current.CancellationToken);
        }
        Assert.Empty(Directory.EnumerateDirectories(fixture.Paths.Containers));
        Assert.Empty(fixture.Cgroups());
    }

    [Fact]
    public async Task AttachAsync_SlowClientAndMuchOutput_LosesNothing()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        using AttachStream stream = await fixture.Client.AttachAsync(new() { Id = id, Stdout = true }, TestContext.Current.CancellationToken);
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/seq", "1", "1000000"), TestContext.Current.CancellationToken);
        using AttachStream other = await fixture.Client.AttachAsync(new() { Id = id, Stderr = true }, TestContext.Current.CancellationToken);
        string expected = string.Join('\n', Enumerable.Range(1, 1000000)) + "\n";
        Assert.Equal(expected, (await Frames.ReadAsync(stream)).Out);
        await fixture.ExitAsync(id);
        Assert.Equal(expected, await fixture.LogAsync(id));
    }

    [Fact]
    public async Task AttachAsync_StdinOnceAndHalfClose_ProcessReadsEndOfFile()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        using AttachStream stream = await fixture.Client.AttachAsync(new() { Id = id, Stdin = true, Stdout = true }, TestContext.Current.CancellationToken);
        byte[] sent = Encoding.ASCII.GetBytes(new string('x', 3_000_000));
        Task send = Task.Run(async () =>
        {
            await stream.WriteAsync(sent, TestContext.Current.CancellationToken);
            stream.CompleteInput();
        }, TestContext.Current.CancellationToken);
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/cat") with { OpenStdin = true, StdinOnce = true }, TestContext.Current.CancellationToken);
        Assert.Equal(sent.Length, (await Frames.ReadAsync(stream)).Out.Length);
        await send;
        Assert.Equal(0, (await fixture.ExitAsync(id)).ExitCode);
    }

    [Fact]
    public async Task AttachAsync_DetachAndAttachAgain_InputStaysOpen()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/cat") with { OpenStdin = true }, TestContext.Current.CancellationToken);
        for (int i = 0; i < 3; i++)
        {
            using AttachStream stream = await fixture.Client.AttachAsync(new() { Id = id, Stdin = true, Stdout = true }, TestContext.Current.CancellationToken);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{i}\n"), TestContext.Current.CancellationToken);
            byte[] frame = new byte[10];
            await stream.ReadExactlyAsync(frame, TestContext.Current.CancellationToken);
            Assert.Equal($"{i}\n", Encoding.ASCII.GetString(frame, 8, 2));
        }
        await fixture.Client.CloseStdinAsync(id, null, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await fixture.ExitAsync(id)).ExitCode);
        using AttachStream replay = await fixture.Client.AttachAsync(
            new() { Id = id, Stdout = true, Logs = true, Stream = false, LogDirectory = fixture.LogDirectory(id) }, TestContext.Current.CancellationToken);
        Assert.Equal("0\n1\n2\n", (await Frames.ReadAsync(replay)).Out);
    }

    [Fact]
    public async Task ResizeAsync_Terminal_ProcessSeesSize()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        using AttachStream stream = await fixture.Client.AttachAsync(new() { Id = id, Stdin = true, Stdout = true }, TestContext.Current.CancellationToken);
        StartRequest request = fixture.Request(id, "/bin/sh", "-c", "stty size; read x; stty size") with { Tty = true, OpenStdin = true, ConsoleSize = new(30, 90) };
        await fixture.Client.StartAsync(request, TestContext.Current.CancellationToken);
        byte[] first = new byte[7];
        await stream.ReadExactlyAsync(first, TestContext.Current.CancellationToken);
        Assert.Equal("30 90\r\n", Encoding.ASCII.GetString(first));
        await fixture.Client.ResizeAsync(id, null, 41, 123, TestContext.Current.CancellationToken);
        await stream.WriteAsync("\n"u8.ToArray(), TestContext.Current.CancellationToken);
        using StreamReader rest = new(stream);
        Assert.Equal("\r\n41 123\r\n", await rest.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, (await fixture.ExitAsync(id)).ExitCode);
    }

    [Fact]
    public async Task ExecAsync_RunningContainer_HasItsOwnStreamsAndExitCode()
    {
        await using SupervisorFixture fixture = await SupervisorFixture.StartAsync();
        string id = fixture.NewId();
        await fixture.Client.StartAsync(fixture.Request(id, "/bin/sleep", "60"), TestContext.Current.CancellationToken);
        using AttachStream stream = await fixture.Client.AttachAsync(new() { Id = id, ExecId = "e1", Stdin = true, Stdout = true, Stderr = true }, TestContext.Current.CancellationToken);
        await fixture.Client.ExecAsync(new() { ContainerId = id, ExecId = "e1", Process = SupervisorFixture.Process("/bin/sh", "-c", "cat; sleep 60 & exit 7"), OpenStdin = true }, TestContext.Current.CancellationToken);
        await stream.WriteAsync("in\n"u8.ToArray(), TestContext.Current.CancellationToken);
        stream.CompleteInput();
        Assert.Equal("in\n", (await Frames.ReadAsync(stream)).Out); // ends although the background sleep still holds the pipe
        Assert.Equal(7, (await fixture.ExitAsync(id, "e1")).ExitCode);
        Assert.True((await fixture.Client.ListAsync(TestContext.Current.CancellationToken)).Single(p => p.ExecId is null).IsRunning);
    }
}
