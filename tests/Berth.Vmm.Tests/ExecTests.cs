using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Berth.Testing;
using Berth.Vmm.Control;

namespace Berth.Vmm.Tests;

/// <summary>Everything one can ask of a machine that runs.</summary>
[Trait("Category", "slow")]
public sealed class ExecTests(RunningMachine running) : IClassFixture<RunningMachine>
{
    [Fact]
    public async Task Exec_Command_GivesBothOutputsAndTheExitCode()
    {
        CommandResult result = await running.ShellAsync("echo out; echo err >&2; exit 5");
        Assert.Equal((5, "out\n", "err\n"), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task Exec_Input_ReachesTheProcessWhole()
    {
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(static i => $"{i}\n"));
        CommandResult result = await running.ShellAsync("cat", text);
        Assert.Equal((0, text), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task Exec_UnknownProgram_Is127AndNamesIt()
    {
        CommandResult result = await running.ExecAsync(new() { Args = ["no-such-program"], Env = ["PATH=/bin"] });
        Assert.Equal(127, result.ExitCode);
        Assert.Contains("no-such-program", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_UserAndDirectory_AreTheGuests()
    {
        CommandResult result = await running.ExecAsync(new() { Args = ["sh", "-c", "id -u; pwd"], Env = ["PATH=/bin"], User = "nobody", Cwd = "/tmp" });
        Assert.Equal((0, "65534\n/tmp\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task Exec_KilledClient_TakesItsProcessAlong()
    {
        WorkloadConfig process = new() { Args = ["sh", "-c", "echo begun; exec sleep 7654"], Env = ["PATH=/bin"] };
        using Process client = Command.Start(TestMachine.Program, ["exec", running.Machine.ControlSocket, JsonSerializer.Serialize(process, ControlJson.Default.WorkloadConfig)]);
        Assert.Equal("begun", await client.StandardOutput.ReadLineAsync(TestMachine.Token));
        client.Kill();
        await client.WaitForExitAsync(TestMachine.Token);
        CommandResult gone = await running.ShellAsync("i=0; while ps | grep -q 'sleep 765[4]' && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done; ps | grep 'sleep 765[4]'");
        Assert.Equal((1, ""), (gone.ExitCode, gone.Output));
    }

    [Fact]
    public async Task Exec_Signal_IsTheProcesss()
    {
        WorkloadConfig process = new() { Args = ["sh", "-c", "trap 'exit 42' USR1; echo begun; while :; do sleep 0.1; done"], Env = ["PATH=/bin"] };
        using Process client = Command.Start(TestMachine.Program, ["exec", running.Machine.ControlSocket, JsonSerializer.Serialize(process, ControlJson.Default.WorkloadConfig)]);
        Assert.Equal("begun", await client.StandardOutput.ReadLineAsync(TestMachine.Token));
        await Command.RunAsync("/bin/kill", ["-USR1", $"{client.Id}"], null, null, TestMachine.Token);
        await client.WaitForExitAsync(TestMachine.Token);
        Assert.Equal(42, client.ExitCode);
    }

    [Fact]
    public async Task Exec_Terminal_HasTheClientsSize()
    {
        string json = JsonSerializer.Serialize(new WorkloadConfig { Args = ["sh", "-c", "stty size; tty"], Env = ["PATH=/bin"], Tty = true, OpenStdin = true }, ControlJson.Default.WorkloadConfig);
        string command = $"stty rows 33 cols 77; exec {TestMachine.Program} exec {running.Machine.ControlSocket} '{json}'";
        CommandResult result = await Command.RunAsync("script", ["-qec", command, "/dev/null"], null, null, TestMachine.Token);
        Assert.Contains("33 77", result.Output, StringComparison.Ordinal);
        Assert.Contains("/dev/pts/", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stats_OfARunningMachine_AreTheGuests()
    {
        GuestCounters counters = await ControlSocket.GetStatsAsync(running.Machine.ControlSocket, TestMachine.Token);
        Assert.InRange(counters.MemoryTotal, 150UL << 20, 256UL << 20);
        Assert.InRange(counters.MemoryAvailable, 1UL, counters.MemoryTotal);
        Assert.True(counters.BusyNanoseconds > 0);
    }

    [Fact]
    public async Task Console_OfARunningMachine_HasHistoryAndIsLive()
    {
        await using NetworkStream console = await ControlSocket.OpenConsoleAsync(running.Machine.ControlSocket, TestMachine.Token);
        await ReadUntilAsync(console, "Linux version ");
        await ReadUntilAsync(console, "Kernel command line:");
        await running.ShellAsync("echo berth-live-line > /dev/console");
        await ReadUntilAsync(console, "berth-live-line");
        Assert.Contains("Linux version ", await File.ReadAllTextAsync(running.Machine.ConsoleLog, TestMachine.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_Keys_ReachTheGuest()
    {
        await using NetworkStream console = await ControlSocket.OpenConsoleAsync(running.Machine.ControlSocket, TestMachine.Token);
        Task<CommandResult> reader = running.ShellAsync("read line < /dev/console; echo got $line");
        // The line discipline keeps what is typed until somebody reads.
        await console.WriteAsync("typed\n"u8.ToArray(), TestMachine.Token);
        Assert.Equal("got typed\n", (await reader).Output);
    }

    [Fact]
    public async Task Log_OfTheBoot_HoldsNoWarning()
    {
        CommandResult log = await running.ShellAsync("dmesg");
        Assert.Equal(0, log.ExitCode);
        foreach (string sign in (string[])["WARNING:", "BUG:", "Call Trace", "Oops", "unable to handle", "soft lockup", "rcu_preempt detected"])
            Assert.DoesNotContain(sign, log.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processors_AreThoseAskedFor() => Assert.Equal("2\n", (await running.ShellAsync("nproc")).Output);

    [Theory]
    [InlineData("{}\n")]
    [InlineData("nonsense\n")]
    [InlineData("{\"op\":\"Exec\"}\n")]
    [InlineData("{\"op\":\"Exec\",\"process\":{\"args\":[\"true\"]}}\n")]
    [InlineData("{\"op\":\"Exec\",\"process\":{\"args\":[]}}\n")]
    public async Task Control_Nonsense_IsRefusedWithAReason(string line)
    {
        using Socket socket = ControlSocket.Connect(running.Machine.ControlSocket);
        await using NetworkStream stream = new(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(line), TestMachine.Token);
        ControlReply reply = await ControlSocket.ReadReplyAsync(stream, TestMachine.Token);
        Assert.NotNull(reply.Error);
    }

    [Fact]
    public void Privileges_OfTheProcess_AreGoneAfterStart()
    {
        string status = File.ReadAllText($"/proc/{running.Machine.Process.Id}/status");
        Assert.Contains("Seccomp:\t2", status, StringComparison.Ordinal);
    }

    private static async Task ReadUntilAsync(Stream stream, string text)
    {
        StringBuilder seen = new();
        byte[] buffer = new byte[4096];
        while (!seen.ToString().Contains(text, StringComparison.Ordinal))
        {
            int count = await stream.ReadAsync(buffer, TestMachine.Token);
            Assert.True(count > 0, $"the console ended without \"{text}\"");
            seen.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
    }
}
