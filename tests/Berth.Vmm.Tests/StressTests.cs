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
        string program = await GuestProgram.CompileAsync(folder, "stress.c");
        string? seconds = Environment.GetEnvironmentVariable("BERTH_STRESS_SECONDS");
        CommandResult guest = await GuestProgram.RunAsync(program, seconds is null ? "5" : $"100000000 {seconds}", cpus: 2);
        Assert.Equal((0, ""), (guest.ExitCode, guest.Error));
        string[] rounds = guest.Lines;
        Assert.NotEmpty(rounds);
        CommandResult host = await Command.RunAsync(program, [$"{rounds.Length}"], null, null, TestMachine.Token);
        Assert.Equal(host.Lines, rounds);
    }
}
