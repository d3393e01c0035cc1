using Berth.Engine.Configuration;
using Berth.Engine.Planning;

namespace Berth.Engine.Instances;

/// <summary>Lays the set fields of an update over a host configuration.</summary>
internal static class UpdateMerge
{
    public static HostConfig Merge(HostConfig host, UpdateConfig update, HostFacts facts)
    {
        if (update.Devices is { Count: > 0 } || update.DeviceCgroupRules is { Count: > 0 } || update.Ulimits is { Count: > 0 } || !string.IsNullOrEmpty(update.CgroupParent))
            throw EngineException.Invalid("Devices, DeviceCgroupRules, Ulimits and CgroupParent cannot be changed by an update: make a new instance");
        if (update.NanoCpus > 0 && (host.CpuPeriod > 0 || host.CpuQuota > 0))
            throw EngineException.Conflict("NanoCpus: Conflicting options: Nano CPUs cannot be updated as CPU Period/Quota has already been set");
        if ((update.CpuPeriod > 0 || update.CpuQuota > 0) && host.NanoCpus > 0)
            throw EngineException.Conflict("CpuPeriod: Conflicting options: CPU Period/Quota cannot be updated as NanoCPUs has already been set");
        long memory = Or(update.Memory, host.Memory);
        bool raisesAboveSwap = update.Memory > 0 && update.MemorySwap == 0 && host.MemorySwap > 0 && update.Memory > host.MemorySwap;
        if (raisesAboveSwap)
            throw EngineException.Conflict("Memory: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time");
        return host with
        {
            CpuShares = Or(update.CpuShares, host.CpuShares),
            Memory = memory,
            MemorySwap = Or(update.MemorySwap, host.MemorySwap != 0 || !facts.SwapAccounting || memory <= 0 ? host.MemorySwap : memory > long.MaxValue / 2 ? long.MaxValue : memory * 2),
            MemoryReservation = Or(update.MemoryReservation, host.MemoryReservation),
            MemorySwappiness = update.MemorySwappiness is >= 0 ? update.MemorySwappiness : host.MemorySwappiness,
            OomKillDisable = update.OomKillDisable ?? host.OomKillDisable,
            NanoCpus = Or(update.NanoCpus, host.NanoCpus),
            CpuPeriod = Or(update.CpuPeriod, host.CpuPeriod),
            CpuQuota = Or(update.CpuQuota, host.CpuQuota),
            CpuRealtimePeriod = Or(update.CpuRealtimePeriod, host.CpuRealtimePeriod),
            CpuRealtimeRuntime = Or(update.CpuRealtimeRuntime, host.CpuRealtimeRuntime),
            CpusetCpus = string.IsNullOrEmpty(update.CpusetCpus) ? host.CpusetCpus : update.CpusetCpus,
            CpusetMems = string.IsNullOrEmpty(update.CpusetMems) ? host.CpusetMems : update.CpusetMems,
            BlkioWeight = update.BlkioWeight == 0 ? host.BlkioWeight : update.BlkioWeight,
            PidsLimit = update.PidsLimit is null or 0 ? host.PidsLimit : update.PidsLimit,
            RestartPolicy = update.RestartPolicy is { Name.Length: > 0 } policy ? policy : host.RestartPolicy,
        };
    }

    private static long Or(long update, long current) => update != 0 ? update : current;
}
