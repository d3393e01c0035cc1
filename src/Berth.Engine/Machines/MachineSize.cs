using Berth.Engine.Configuration;
using Berth.Engine.Planning;
using Berth.Vmm.Control;

namespace Berth.Engine.Machines;

/// <summary>How large a machine is that was asked for in the words of a container's limits.</summary>
internal static class MachineSize
{
    /// <summary>The option of --storage-opt.</summary>
    public const string DiskOption = "size";

    private const long DefaultDisk = 16L << 30;
    private const long MinDisk = 64L << 20;
    private const long MaxDisk = 8L << 40;
    private const long Page = 4096;
    private const long DefaultPeriod = 100_000;

    /// <summary>Bytes of RAM, whole pages.</summary>
    public static long Memory(Resources resources) => (resources.Memory > 0 ? resources.Memory : MachineLimits.DefaultMemory) / Page * Page;

    /// <summary>Processors: as many as the time asked for needs, one when none was asked for.</summary>
    public static int Cpus(Resources resources, int hostProcessors)
    {
        long period = resources.CpuPeriod > 0 ? resources.CpuPeriod : DefaultPeriod;
        long wanted = resources.NanoCpus > 0 ? Ceiling(resources.NanoCpus, 1_000_000_000)
            : resources.CpuQuota > 0 ? Ceiling(resources.CpuQuota, period)
            : 1;
        return (int)Math.Clamp(wanted, 1, Math.Min(hostProcessors, MachineLimits.MaxCpus));
    }

    /// <summary>Bytes of the disk that takes what the machine writes.</summary>
    public static long Disk(HostConfig host)
    {
        if (host.StorageOpt?.GetValueOrDefault(DiskOption) is not { } text)
            return DefaultDisk;
        long size = ByteSize.Parse(text, "HostConfig.StorageOpt[size]") / Page * Page;
        return size is >= MinDisk and <= MaxDisk
            ? size
            : throw EngineException.Invalid($"HostConfig.StorageOpt[size]: the disk of a virtual machine has from 64m to 8t: '{text}' is outside");
    }

    /// <summary>The limits of berth-vmm's own control group: the guest's memory and what the program needs beside it.</summary>
    public static HostConfig Sandbox(HostConfig host) => host with
    {
        Memory = Memory(host) + MachineLimits.Overhead,
        MemorySwap = host.MemorySwap > 0 ? host.MemorySwap + MachineLimits.Overhead : host.MemorySwap,
        PidsLimit = MachineSpec.MaxThreads,
    };

    private static long Ceiling(long value, long unit) => (value + unit - 1) / unit;
}
