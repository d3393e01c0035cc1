using Berth.Testing;

namespace Berth.Vmm.Tests;

/// <summary>Whole lives of machines, from power-on to their exit code.</summary>
[Trait("Category", "slow")]
public sealed class BootTests
{
    [Fact]
    public async Task Run_Uname_PrintsTheGuestKernelAndPassesTheExitCode()
    {
        await using TestMachine machine = await TestMachine.StartAsync(["sh", "-c", "uname -r; exit 7"]);
        CommandResult result = await machine.ToEndAsync();
        MachineParts parts = await MachineParts.GetAsync();
        Assert.Equal((7, parts.Release + "\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task Run_FourProcessorsAndMemoryAboveTheHole_AllAreThere()
    {
        await using TestMachine machine = await TestMachine.StartAsync(
            ["sh", "-c", "nproc; grep -c ^processor /proc/cpuinfo; awk '/MemTotal/ {print ($2 > 3800000)}' /proc/meminfo"],
            static c => c with { Cpus = 4, Memory = 4L << 30 });
        Assert.Equal("4\n4\n1\n", (await machine.ToEndAsync()).Output);
    }

    [Fact]
    public async Task Run_UnknownProgram_Is127AndNamesIt()
    {
        await using TestMachine machine = await TestMachine.StartAsync(["no-such-program"], static c => c with { Memory = 128L << 20 });
        CommandResult result = await machine.ToEndAsync();
        Assert.Equal(127, result.ExitCode);
        Assert.Contains("no-such-program", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_KernelThatPanics_Is125WithItsLastWords()
    {
        await using TestMachine machine = await TestMachine.StartAsync(["true"], static c => c with { CommandLine = "rdinit=/none init=/none" });
        CommandResult result = await machine.ToEndAsync();
        Assert.Equal(125, result.ExitCode);
        Assert.Contains("panicked", result.Error, StringComparison.Ordinal);
        Assert.Contains("Kernel panic", await File.ReadAllTextAsync(machine.ConsoleLog, TestMachine.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Terminated_PassesTheSignalOn()
    {
        await using TestMachine machine = await TestMachine.StartAsync(["sh", "-c", "trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.1; done"]);
        Assert.Equal("ready", await machine.Process.StandardOutput.ReadLineAsync(TestMachine.Token));
        await Command.RunAsync("/bin/kill", ["-TERM", $"{machine.Process.Id}"], null, null, TestMachine.Token);
        CommandResult result = await machine.ToEndAsync();
        Assert.Equal((9, "bye\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task Run_TerminatedBeforeTheWorkloadRuns_EndsLikeAProcessWithoutAHandler()
    {
        await using TestMachine machine = await TestMachine.StartAsync(["sleep", "1000"]);
        while (!File.Exists(machine.ControlSocket) && !machine.Process.HasExited) await Task.Delay(10, TestMachine.Token);
        // Handlers are in place a moment after the socket: a signal that comes before ends the process by itself, with the same code.
        await Command.RunAsync("/bin/kill", ["-TERM", $"{machine.Process.Id}"], null, null, TestMachine.Token);
        Assert.Equal(143, (await machine.ToEndAsync()).ExitCode);
    }
}
