using Berth.Containers.Spec;
using Berth.Engine.Configuration;
using Berth.Linux;
using SpecThrottle = Berth.Containers.Spec.ThrottleDevice;
using SpecWeight = Berth.Containers.Spec.WeightDevice;

namespace Berth.Engine.Planning;

/// <summary>Docker's limits → the specification's. 0, -1 and null mean unset where Docker says so.</summary>
internal static class ResourcePlan
{
    private const ulong DefaultPeriod = 100_000;

    public static LinuxResources Build(Resources limits, HostFacts host) => new()
    {
        Memory = Memory(limits, host),
        Cpu = Cpu(limits),
        Pids = limits.PidsLimit is > 0 ? new PidsResources { Limit = limits.PidsLimit } : null,
        BlockIo = BlockIo(limits),
    };

    private static MemoryResources? Memory(Resources limits, HostFacts host)
    {
        long? swap = !host.SwapAccounting || limits.Memory <= 0 ? null
            : limits.MemorySwap == 0 ? checked(limits.Memory * 2)
            : limits.MemorySwap;
        var memory = new MemoryResources
        {
            Limit = limits.Memory > 0 ? limits.Memory : null,
            Reservation = limits.MemoryReservation > 0 ? limits.MemoryReservation : null,
            Swap = swap,
            Swappiness = limits.MemorySwappiness is >= 0 and var s && !host.CgroupV2 ? (ulong)s : null,
            DisableOomKiller = limits.OomKillDisable == true && !host.CgroupV2 ? true : null,
        };
        return memory == new MemoryResources() ? null : memory;
    }

    private static CpuResources? Cpu(Resources limits)
    {
        var cpu = new CpuResources
        {
            Shares = limits.CpuShares > 0 ? (ulong)limits.CpuShares : null,
            Period = limits.NanoCpus > 0 ? DefaultPeriod : limits.CpuPeriod > 0 ? (ulong)limits.CpuPeriod : null,
            Quota = limits.NanoCpus > 0 ? (long)(limits.NanoCpus * (decimal)DefaultPeriod / 1_000_000_000m) : limits.CpuQuota != 0 ? limits.CpuQuota : null,
            RealtimePeriod = limits.CpuRealtimePeriod > 0 ? (ulong)limits.CpuRealtimePeriod : null,
            RealtimeRuntime = limits.CpuRealtimeRuntime > 0 ? limits.CpuRealtimeRuntime : null,
            Cpus = string.IsNullOrEmpty(limits.CpusetCpus) ? null : limits.CpusetCpus,
            Mems = string.IsNullOrEmpty(limits.CpusetMems) ? null : limits.CpusetMems,
        };
        return cpu == new CpuResources() ? null : cpu;
    }

    private static BlockIoResources? BlockIo(Resources limits)
    {
        bool any = limits.BlkioWeight > 0 || limits.BlkioWeightDevice is { Count: > 0 } || limits.BlkioDeviceReadBps is { Count: > 0 } || limits.BlkioDeviceWriteBps is { Count: > 0 }
            || limits.BlkioDeviceReadIOps is { Count: > 0 } || limits.BlkioDeviceWriteIOps is { Count: > 0 };
        return !any ? null : new BlockIoResources
        {
            Weight = limits.BlkioWeight > 0 ? limits.BlkioWeight : null,
            WeightDevice = [.. (limits.BlkioWeightDevice ?? []).Select(static d =>
            {
                (long major, long minor) = Numbers(d.Path);
                return new SpecWeight { Major = major, Minor = minor, Weight = d.Weight };
            })],
            ThrottleReadBpsDevice = Throttles(limits.BlkioDeviceReadBps),
            ThrottleWriteBpsDevice = Throttles(limits.BlkioDeviceWriteBps),
            ThrottleReadIopsDevice = Throttles(limits.BlkioDeviceReadIOps),
            ThrottleWriteIopsDevice = Throttles(limits.BlkioDeviceWriteIOps),
        };
    }

    private static List<SpecThrottle> Throttles(IReadOnlyList<Configuration.ThrottleDevice>? devices) => [.. (devices ?? []).Select(static d =>
    {
        (long major, long minor) = Numbers(d.Path);
        return new SpecThrottle { Major = major, Minor = minor, Rate = d.Rate };
    })];

    private static (long Major, long Minor) Numbers(string? path)
    {
        if (Libc.TryStatAt(null, path ?? "", out Libc.statx status, followLinks: true) != Errno.None || status.FileType != Libc.S_IFBLK)
            throw EngineException.Invalid($"HostConfig.Blkio…Device.Path: \"{path}\" is not a block device of this host");
        return (status.stx_rdev_major, status.stx_rdev_minor);
    }
}
