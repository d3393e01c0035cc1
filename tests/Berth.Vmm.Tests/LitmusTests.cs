using Berth.Testing;

namespace Berth.Vmm.Tests;

/// <summary>Several processors see each other's stores in an order that x86 allows, and atomic operations lose nothing. BERTH_LITMUS_ROUNDS sets how
/// many rounds a run on demand makes.</summary>
[Trait("Category", "slow")]
public sealed class LitmusTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Run_Litmus_ForbiddenOutcomesNeverCome(int cpus)
    {
        using TemporaryDirectory folder = new();
        string program = await GuestProgram.CompileAsync(folder, "litmus.c");
        string rounds = Environment.GetEnvironmentVariable("BERTH_LITMUS_ROUNDS") ?? "200";
        CommandResult guest = await GuestProgram.RunAsync(program, $"{cpus} {rounds}", cpus);
        string[] tests = ["SB", "SB+mfence", "SB+xchg", "SB+lock", "MP", "LB", "CoRR", "2+2W", .. cpus == 4 ? ["WRC", "IRIW"] : Array.Empty<string>(), "counters"];
        Assert.Equal(tests.Select(static t => $"{t} done"), guest.Lines);
        Assert.Equal(0, guest.ExitCode);
    }
}
