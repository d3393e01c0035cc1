using Berth.Testing;
using Berth.Vmm.Control;

namespace Berth.Vmm.Tests;

/// <summary>Machines that cannot be: each ends at once, with a message and docker's exit code for an engine that failed.</summary>
public sealed class RefusalTests
{
    private static readonly string s_junk = Path.Combine(Directory.CreateTempSubdirectory("berth-junk-").FullName, "junk");

    static RefusalTests()
    {
        File.WriteAllBytes(s_junk, [1, 2, 3]);
        AppDomain.CurrentDomain.ProcessExit += static (_, _) => Directory.Delete(Path.GetDirectoryName(s_junk)!, recursive: true);
    }

    [Fact]
    public Task Run_CorruptKernel_IsRefused() => RefuseAsync(static c => c with { Kernel = s_junk }, "kernel");

    [Fact]
    public Task Run_InitrdOfThreeBytes_IsRefused() => RefuseAsync(static c => c with { Initrd = s_junk }, "initrd");

    [Fact]
    public Task Run_MissingKernel_IsRefused() => RefuseAsync(static c => c with { Kernel = "/no/such/kernel" }, "/no/such/kernel");

    [Fact]
    public Task Run_DiskThatIsNone_IsRefused() => RefuseAsync(static c => c with { Disks = [new(s_junk, true)] }, "junk");

    [Theory]
    [InlineData(1L << 20)]
    [InlineData(0L)]
    [InlineData(-4096L)]
    [InlineData((128L << 20) + 1)]
    [InlineData(long.MaxValue)]
    public Task Run_MemoryThatNoMachineHas_IsRefused(long memory) => RefuseAsync(c => c with { Memory = memory }, "memory");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(500)]
    public Task Run_ProcessorsThatNoMachineHas_AreRefused(int cpus) => RefuseAsync(c => c with { Cpus = cpus }, "cpus");

    [Fact]
    public Task Run_CommandLineTooLong_IsRefused() => RefuseAsync(static c => c with { CommandLine = new string('x', 5000) }, "command line");

    [Theory]
    [InlineData("run", "/no/such/file")]
    [InlineData("exec", "/no/such/socket", "{\"args\":[\"true\"]}")]
    [InlineData("exec", "/no/such/socket", "nonsense")]
    [InlineData("nonsense")]
    public async Task Call_ThatMakesNoSense_Is125(params string[] arguments)
    {
        CommandResult result = await Command.RunAsync(TestMachine.Program, arguments, null, null, TestMachine.Token);
        Assert.Equal(125, result.ExitCode);
        Assert.NotEmpty(result.Error);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private static async Task RefuseAsync(Func<MachineConfig, MachineConfig> change, string named)
    {
        await using TestMachine machine = await TestMachine.StartAsync(["true"], change);
        CommandResult result = await machine.ToEndAsync();
        Assert.Equal(125, result.ExitCode);
        Assert.Contains(named, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
