using Berth.Engine.Configuration;
using Berth.Engine.Machines;
using Berth.Vmm.Control;

namespace Berth.Engine.Tests.Machines;

public sealed class MachineSizeTests
{
    [Theory]
    [InlineData(0, 0, 0, 1)]
    [InlineData(500_000_000, 0, 0, 1)]
    [InlineData(1_000_000_001, 0, 0, 2)]
    [InlineData(0, 250_000, 0, 3)]
    [InlineData(0, 30_000, 10_000, 3)]
    [InlineData(0, -1, 0, 1)]
    [InlineData(0, 90_000_000, 0, 4)]
    public void Cpus_TimeAskedFor_GivesTheProcessorsThatCanUseIt(long nanoCpus, long quota, long period, int cpus) =>
        Assert.Equal(cpus, MachineSize.Cpus(new Resources { NanoCpus = nanoCpus, CpuQuota = quota, CpuPeriod = period }, hostProcessors: 4));

    [Fact]
    public void Memory_IsWholePagesOrTheDefault()
    {
        Assert.Equal(MachineLimits.DefaultMemory, MachineSize.Memory(new Resources()));
        Assert.Equal(100_999_168, MachineSize.Memory(new Resources { Memory = 101_000_000 }));
    }

    [Fact]
    public void Sandbox_LimitsAreTheGuestsMemoryAndTheProgramsOwn()
    {
        HostConfig sandbox = MachineSize.Sandbox(new HostConfig { Memory = 128 << 20, MemorySwap = 128 << 20, NanoCpus = 7 });
        Assert.Equal((128L << 20) + MachineLimits.Overhead, sandbox.Memory);
        Assert.Equal(sandbox.Memory, sandbox.MemorySwap);
        Assert.Equal(7, sandbox.NanoCpus);
        Assert.Equal(-1, MachineSize.Sandbox(new HostConfig { MemorySwap = -1 }).MemorySwap);
    }

    [Theory]
    [InlineData(null, 16L << 30)]
    [InlineData("64m", 64L << 20)]
    [InlineData("1g", 1L << 30)]
    public void Disk_OptionOrDefault(string? size, long bytes) =>
        Assert.Equal(bytes, MachineSize.Disk(new HostConfig { StorageOpt = size is null ? null : new Dictionary<string, string> { ["size"] = size } }));
}
