using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Workloads and clients that take all they can get: the others, and Berth's own memory, do not notice.</summary>
public sealed class ExhaustionTests
{
    private const long Megabyte = 1 << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ForkBomb_WithPidsLimit_StaysInItsCgroup()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        string bomb = (await Docker(daemon, "run", "-d", "--pids-limit", "40", "--cpus", "0.3", "busybox", "sh", "-c", "f() { f | f & }; f; while :; do sleep 1; done")).Expect().Text;
        string other = (await Docker(daemon, "run", "-d", "busybox", "sleep", "1000")).Expect().Text;
        Assert.Equal("still here", (await Docker(daemon, "exec", other, "echo", "still here")).Expect().Text);
        (await Docker(daemon, "rm", "-f", bomb)).Expect();
        await Invariants.NothingIsLeftAsync(daemon, Cancellation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OutputWithoutEnd_MemoryStaysBoundedAndOthersRun(bool stalledClient)
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        string id = (await Docker(daemon, "create", "--log-opt", "max-size=1m", "busybox", "sh", "-c", "head -c 200000000 /dev/zero; echo; echo end; sleep 1000")).Expect().Text;
        using Socket? stalled = stalledClient ? await AttachAsync(daemon, id) : null;
        long before = await MemoryAsync(daemon.Pid), supervisor = await MemoryAsync(daemon.SupervisorPid);
        (await Docker(daemon, "start", id)).Expect();
        if (stalledClient)
            await Task.Delay(2000, Cancellation); // nothing tells that nothing more happens
        else
            await UntilAsync(async () => (await Docker(daemon, "logs", "--tail", "1", id)).Text == "end");
        Assert.Equal("fine", (await Docker(daemon, "run", "--rm", "busybox", "echo", "fine")).Expect().Text);
        Assert.InRange(await MemoryAsync(daemon.Pid) - before, -1024 * Megabyte, 80 * Megabyte);
        Assert.InRange(await MemoryAsync(daemon.SupervisorPid) - supervisor, -1024 * Megabyte, 48 * Megabyte);
        (await Docker(daemon, "rm", "-f", id)).Expect();
        await Invariants.NothingIsLeftAsync(daemon, Cancellation);
    }

    [Fact]
    public async Task ManyIdleAttachConnectionsAndHalfRequests_OthersAreServed()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        string id = (await Docker(daemon, "run", "-d", "busybox", "sleep", "1000")).Expect().Text;
        var idle = new List<Socket>();
        try
        {
            for (int i = 0; i < 1000; i++)
                idle.Add(await AttachAsync(daemon, id));
            for (int i = 0; i < 500; i++)
            {
                Socket slow = await daemon.ConnectAsync(Cancellation);
                idle.Add(slow);
                await slow.SendAsync("GET /_ping HTTP/1.1\r\nHo"u8.ToArray(), Cancellation);
            }
            Assert.Equal("fine", (await Docker(daemon, "run", "--rm", "busybox", "echo", "fine")).Expect().Text);
            Assert.InRange(await MemoryAsync(daemon.Pid), 0, 300 * Megabyte);
            Assert.InRange(await MemoryAsync(daemon.SupervisorPid), 0, 150 * Megabyte);
        }
        finally
        {
            idle.ForEach(static socket => socket.Dispose());
        }
        (await Docker(daemon, "rm", "-f", id)).Expect();
        await Invariants.NothingIsLeftAsync(daemon, Cancellation);
    }

    private static async Task<Socket> AttachAsync(PrivateDaemon daemon, string id)
    {
        Socket socket = await daemon.ConnectAsync(Cancellation);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /containers/{id}/attach?stream=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: berth\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"), Cancellation);
        byte[] head = new byte[12];
        await socket.ReceiveAsync(head, Cancellation);
        Assert.Equal("HTTP/1.1 101", Encoding.ASCII.GetString(head));
        return socket;
    }

    private static async Task UntilAsync(Func<Task<bool>> reached)
    {
        for (long until = Environment.TickCount64 + 120_000; !await reached(); await Task.Delay(100, Cancellation))
            Assert.True(Environment.TickCount64 < until, "it did not come to that");
    }

    private static async Task<long> MemoryAsync(int pid)
    {
        string line = (await File.ReadAllLinesAsync($"/proc/{pid}/status", Cancellation)).First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    private static Task<CommandResult> Docker(PrivateDaemon daemon, params string[] arguments) => daemon.DockerAsync(arguments, cancellationToken: Cancellation);
}
