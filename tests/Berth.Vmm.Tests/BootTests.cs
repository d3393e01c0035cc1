using Berth.Testing;

namespace Berth.Vmm.Tests;

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
}
