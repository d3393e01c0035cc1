using Berth.Testing;

namespace Berth.Vmm.Tests;

/// <summary>Processes, memory maps, signals, pipes, threads and floating point in a guest give what they give on the host. Five rounds here;
/// BERTH_STRESS_SECONDS sets how long a run on demand takes.</summary>
[Trait("Category", "slow")]
public sealed class StressTests
{
    [Fact]
    public async Task Run_Stress_GivesTheHostsResultsAndACleanLog()
    {
        using TemporaryDirectory folder = new();
        string program = folder.Combine("stress");
        (await Command.RunAsync("gcc", ["-O2", "-static", "-pthread", "-o", program, Path.Combine(Repository.Root, "tests/Berth.Vmm.Tests/stress.c"), "-lm"], null, null, TestMachine.Token)).Expect();
        string? seconds = Environment.GetEnvironmentVariable("BERTH_STRESS_SECONDS");
        string[] arguments = seconds is null ? ["5"] : ["100000000", seconds];
        string script = $"""
            cat > /stress; chmod +x /stress; /stress {string.Join(' ', arguments)} > /out || exit 4
            dmesg | grep -E 'WARNING:|BUG:|Call Trace|soft lockup|unable to handle' && exit 5
            cat /out
            """;
        await using TestMachine machine = await TestMachine.StartAsync(["sh", "-c", script], static c => c with { Cpus = 2, Workload = c.Workload with { OpenStdin = true } });
        await machine.Process.StandardInput.BaseStream.WriteAsync(await File.ReadAllBytesAsync(program, TestMachine.Token), TestMachine.Token);
        CommandResult guest = await machine.ToEndAsync();
        Assert.Equal((0, ""), (guest.ExitCode, guest.Error));
        string[] rounds = guest.Lines;
        Assert.NotEmpty(rounds);
        CommandResult host = await Command.RunAsync(program, [$"{rounds.Length}"], null, null, TestMachine.Token);
        Assert.Equal(host.Lines, rounds);
    }
}
