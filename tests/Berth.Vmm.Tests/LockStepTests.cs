using Berth.Testing;

namespace Berth.Vmm.Tests;

/// <summary>Debian's kernel boots on translator and interpreter side by side, and their states never differ. Its decompressor and first initialisation here;
/// BERTH_LOCK_STEP_MILLIONS sets how many millions of instructions a run on demand goes, 500 being enough to reach init.</summary>
[Trait("Category", "slow")]
public sealed class LockStepTests
{
    [Fact]
    public async Task Boot_TranslatedAndInterpreted_StatesStayTheSame()
    {
        MachineParts parts = await MachineParts.GetAsync();
        string millions = Environment.GetEnvironmentVariable("BERTH_LOCK_STEP_MILLIONS") ?? "150";
        // Optimised: several times as fast.
        string project = Path.Combine(Repository.Root, "bench/BootKernel");
        (await Command.RunAsync("dotnet", ["build", project, "-c", "Release", "-v", "q", "--nologo"], null, null, TestMachine.Token)).Expect();
        string program = Directory.GetFiles(Path.Combine(project, "bin/Release"), "BootKernel", SearchOption.AllDirectories).Single();
        CommandResult result = await Command.RunAsync(program,
            ["--lock-step", "--kernel", parts.Kernel, "--append", "cryptomgr.notests", "--millions", millions, "--seconds", "3600"], null, null, TestMachine.Token);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("enough instructions", result.Error, StringComparison.Ordinal);
    }
}
