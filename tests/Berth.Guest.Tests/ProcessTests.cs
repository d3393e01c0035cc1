namespace Berth.Guest.Tests;

public sealed class ProcessTests
{
    private static CancellationToken Token => NativeAgent.Token;

    [Fact]
    public async Task Start_MainProcess_IsProcessOneAndGivesItsExitCode()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        (int code, string stdout, string stderr) = await agent.ShellAsync("echo $$; ps 2>/dev/null | wc -l >/dev/null; echo bad >&2; exit 42", new GuestProcessSpec { Args = [], IsMain = true });
        Assert.Equal((42, "1\n", "bad\n"), (code, stdout, stderr));
        Assert.NotEqual("", agent.Channel.KernelRelease);
    }

    [Fact]
    public async Task Start_WithInit_IsNotProcessOneAndItsOrphansAreReaped()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        (int code, string stdout, _) = await agent.ShellAsync("[ $$ != 1 ] && (sleep 0 & ) && echo child; exit 3", new GuestProcessSpec { Args = [], IsMain = true, Init = true });
        Assert.Equal((3, "child\n"), (code, stdout));
    }

    [Fact]
    public async Task Start_EnvironmentDirectoryUserAndLimits_AreAsAsked()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        (_, string stdout, _) = await agent.RunAsync(new GuestProcessSpec
        {
            Args = ["sh", "-c", "echo $A $HOME; pwd; id -u; id -g; id -G; ulimit -n; umask; grep NoNewPrivs /proc/self/status | tr -d '\\t'"],
            Env = ["A=one two"],
            Cwd = "/tmp",
            User = "1234:4321",
            Groups = ["77"],
            Limits = [new GuestLimit(7, 123, 123)],
            Umask = 63,
            NoNewPrivileges = true,
        });
        Assert.Equal("one two /\n/tmp\n1234\n4321\n4321 77\n123\n0077\nNoNewPrivs:1\n", stdout);
    }

    [Theory]
    [InlineData("no-such-program", 127)]
    [InlineData("/no/such/program", 127)]
    [InlineData("/etc/passwd", 126)]
    [InlineData("/", 126)]
    public async Task Start_ProgramCannotRun_FailsWithDockersCode(string program, int code)
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestException e = await Assert.ThrowsAsync<GuestException>(() => agent.Channel.StartAsync(new GuestProcessSpec { Args = [program], IsMain = true }, Token));
        Assert.Equal(code, e.ExitCode);
        Assert.Contains(program, e.Message, StringComparison.Ordinal);
        // The machine is none the worse.
        Assert.Equal(0, (await agent.ShellAsync("true", new GuestProcessSpec { Args = [], IsMain = true })).ExitCode);
    }

    [Fact]
    public async Task Start_UnknownUserOrDirectory_SaysSo()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestException user = await Assert.ThrowsAsync<GuestException>(() => agent.Channel.StartAsync(new GuestProcessSpec { Args = ["true"], User = "nobody-here" }, Token));
        Assert.Equal("unable to find user nobody-here: no matching entries in passwd file", user.Message);
        GuestException cwd = await Assert.ThrowsAsync<GuestException>(() => agent.Channel.StartAsync(new GuestProcessSpec { Args = ["true"], Cwd = "/nope" }, Token));
        Assert.Equal(126, cwd.ExitCode);
        Assert.Contains("/nope", cwd.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_WhileMainRuns_SharesItsNamespacesAndEndsWithIt()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestProcess main = await agent.Channel.StartAsync(new GuestProcessSpec { Args = ["sleep", "1000"], IsMain = true }, Token);
        (_, string stdout, _) = await agent.ShellAsync("tr '\\0' ' ' </proc/1/cmdline");
        Assert.Equal("sleep 1000 ", stdout);
        GuestProcess other = await agent.Channel.StartAsync(new GuestProcessSpec { Args = ["sleep", "1000"] }, Token);
        await main.SignalAsync(9, Token);
        Assert.Equal(new GuestExit(137, 9, false), await main.Exited.WaitAsync(Token) with { OutOfMemory = false });
        Assert.Equal(137, (await other.Exited.WaitAsync(Token)).ExitCode);
    }

    [Fact]
    public async Task Signal_Handled_RunsTheHandler()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestProcess process = await agent.Channel.StartAsync(new GuestProcessSpec { Args = ["sh", "-c", "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.05; done"], IsMain = true }, Token);
        await NativeAgent.ReadUntilAsync(process, "ready");
        await process.SignalAsync(15, Token);
        Assert.Equal("caught\n", (await NativeAgent.ReadUntilAsync(process, "caught"))[^7..]);
        Assert.Equal(5, (await process.Exited.WaitAsync(Token)).ExitCode);
    }

    [Fact]
    public async Task Tty_SizeResizeAndInterrupt_ReachTheProcess()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestProcess process = await agent.Channel.StartAsync(new GuestProcessSpec
        {
            Args = ["sh", "-c", "trap 'stty size' WINCH; trap 'echo int; exit 9' INT; tty; stty size; while :; do sleep 0.05; done"],
            Tty = true,
            TtySize = (31, 97),
            OpenStdin = true,
            IsMain = true,
        }, Token);
        Assert.Contains("/dev/pts/", await NativeAgent.ReadUntilAsync(process, "31 97"), StringComparison.Ordinal);
        await process.ResizeAsync(40, 132, Token);
        await NativeAgent.ReadUntilAsync(process, "40 132");
        await process.WriteAsync(new byte[] { 3 }, Token);
        await NativeAgent.ReadUntilAsync(process, "int");
        Assert.Equal(9, (await process.Exited.WaitAsync(Token)).ExitCode);
    }

    [Fact]
    public async Task Streams_LargeDataBothWays_ArriveWhole()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestProcess cat = await agent.Channel.StartAsync(new GuestProcessSpec { Args = ["cat"], OpenStdin = true }, Token);
        byte[] data = new byte[8 << 20];
        new Random(7).NextBytes(data);
        Task<byte[]> output = NativeAgent.ReadAllAsync(cat, GuestOutput.Stdout);
        await cat.WriteAsync(data, Token);
        await cat.CloseInputAsync(Token);
        byte[] back = await output;
        Assert.True(data.AsSpan().SequenceEqual(back));
        Assert.Equal(0, (await cat.Exited.WaitAsync(Token)).ExitCode);
    }

    [Fact]
    public async Task Streams_NobodyReadsOne_OthersGoOn()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestProcess flood = await agent.Channel.StartAsync(new GuestProcessSpec { Args = ["sh", "-c", "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done"] }, Token);
        GuestProcess deaf = await agent.Channel.StartAsync(new GuestProcessSpec { Args = ["sleep", "1000"], OpenStdin = true }, Token);
        Task write = deaf.WriteAsync(new byte[1 << 20], Token);
        Assert.Equal("fine\n", (await agent.ShellAsync("echo fine")).Stdout);
        Assert.False(write.IsCompleted);
        await deaf.SignalAsync(9, Token);
        await write.WaitAsync(Token);
        await flood.SignalAsync(9, Token);
        await flood.Exited.WaitAsync(Token);
    }

    [Fact]
    public async Task Streams_ManyProcessesAtATime_KeepTheirOutputApart()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        var runs = Enumerable.Range(0, 60).Select(async i =>
            Assert.Equal((i, $"{i}\n{i}\n"), await Result(agent.ShellAsync($"echo {i}; sleep 0.1; echo {i}; exit {i}"))));
        await Task.WhenAll(runs);

        static async Task<(int, string)> Result(Task<(int ExitCode, string Stdout, string Stderr)> run) => ((await run).ExitCode, (await run).Stdout);
    }

    [Fact]
    public async Task Stats_OfAHost_AreBelievable()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestStats stats = await agent.Channel.GetStatsAsync(Token);
        Assert.InRange(stats.MemoryAvailable, 1ul, stats.MemoryTotal);
        Assert.True(stats.BusyNanoseconds > 0);
        Assert.Equal(0ul, stats.Processes);
    }

    [Fact]
    public async Task Shutdown_ProcessIgnoresTerm_IsKilledAfterTheGraceAndTheAgentSaysGoodbye()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestProcess stubborn = await agent.Channel.StartAsync(new GuestProcessSpec { Args = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], IsMain = true }, Token);
        await NativeAgent.ReadUntilAsync(stubborn, "ready");
        await agent.Channel.ShutdownAsync(TimeSpan.FromMilliseconds(100), Token);
        Assert.Equal(137, (await stubborn.Exited.WaitAsync(Token)).ExitCode);
        await agent.Process.WaitForExitAsync(Token);
        Assert.Equal(0, agent.Process.ExitCode);
    }

    [Fact]
    public async Task Agent_Killed_ReachesEverybodyWhoWaits()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        GuestProcess process = await agent.Channel.StartAsync(new GuestProcessSpec { Args = ["cat"], OpenStdin = true, IsMain = true }, Token);
        ValueTask<int> read = process.ReadAsync(GuestOutput.Stdout, new byte[10], Token);
        agent.Process.Kill();
        await Assert.ThrowsAsync<GuestProtocolException>(() => process.Exited.WaitAsync(Token));
        await Assert.ThrowsAsync<GuestProtocolException>(async () => await read);
        await Assert.ThrowsAsync<GuestProtocolException>(() => agent.Channel.StartAsync(new GuestProcessSpec { Args = ["true"] }, Token));
    }

    [Fact]
    public async Task Start_ArgumentsTooLong_IsRefusedBeforeTheChannelSeesThem()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        await Assert.ThrowsAsync<GuestException>(() => agent.Channel.StartAsync(new GuestProcessSpec { Args = ["true", new string('a', 70000)] }, Token));
        Assert.Equal("ok", (await agent.ShellAsync("printf ok")).Stdout);
    }
}
