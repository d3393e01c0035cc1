using Berth.Containers.Cgroups;

namespace Berth.Containers.Host;

/// <summary>Which limits the host's cgroups can keep; named as Docker's <c>info</c> asks for them.</summary>
public sealed record CgroupFeatures
{
    /// <summary>Memory limits and out-of-memory kills per container.</summary>
    public bool MemoryLimit { get; init; }

    /// <summary>Limits on memory and swap together.</summary>
    public bool SwapLimit { get; init; }

    /// <summary>A soft limit.</summary>
    public bool MemoryReservation { get; init; }

    /// <summary>Switching off the OOM killer; cgroup v1 only.</summary>
    public bool OomKillDisable { get; init; }

    /// <summary>A swappiness of its own; cgroup v1 only.</summary>
    public bool MemorySwappiness { get; init; }

    /// <summary>Shares or weights.</summary>
    public bool CpuShares { get; init; }

    /// <summary>Quota and period, and so <c>--cpus</c>.</summary>
    public bool CpuQuota { get; init; }

    /// <summary>Real-time run time; cgroup v1 only.</summary>
    public bool CpuRealtime { get; init; }

    /// <summary>A choice of CPUs and memory nodes.</summary>
    public bool CpuSet { get; init; }

    /// <summary>A limit on processes.</summary>
    public bool PidsLimit { get; init; }

    /// <summary>Proportional weights of block I/O.</summary>
    public bool BlockIoWeight { get; init; }

    /// <summary>Upper rates of block I/O.</summary>
    public bool BlockIoThrottle { get; init; }

    /// <summary>Rules about devices.</summary>
    public bool Devices { get; init; }

    /// <summary>Pause and unpause.</summary>
    public bool Freezer { get; init; }

    internal static CgroupFeatures Probe(CgroupHierarchy cgroups, HostFiles files) =>
        cgroups.Version == Containers.Cgroups.CgroupVersion.V1 ? ProbeV1(cgroups) : ProbeV2(cgroups, files);

    private static CgroupFeatures ProbeV1(CgroupHierarchy cgroups) => new()
    {
        MemoryLimit = cgroups.HasFile("memory", "memory.limit_in_bytes"),
        SwapLimit = cgroups.HasFile("memory", "memory.memsw.limit_in_bytes"),
        MemoryReservation = cgroups.HasFile("memory", "memory.soft_limit_in_bytes"),
        OomKillDisable = cgroups.HasFile("memory", "memory.oom_control"),
        MemorySwappiness = cgroups.HasFile("memory", "memory.swappiness"),
        CpuShares = cgroups.HasFile("cpu", "cpu.shares"),
        CpuQuota = cgroups.HasFile("cpu", "cpu.cfs_quota_us"),
        CpuRealtime = cgroups.HasFile("cpu", "cpu.rt_runtime_us"),
        CpuSet = cgroups.HasFile("cpuset", "cpuset.cpus"),
        PidsLimit = cgroups.Controllers.Contains("pids"),
        // The root has no weight file of BFQ, only its counters.
        BlockIoWeight = cgroups.HasFile("blkio", "blkio.weight") || cgroups.HasFile("blkio", "blkio.bfq.io_service_bytes"),
        BlockIoThrottle = cgroups.HasFile("blkio", "blkio.throttle.read_bps_device"),
        Devices = cgroups.Controllers.Contains("devices"),
        Freezer = cgroups.Controllers.Contains("freezer") || cgroups.IsHybrid,
    };

    private static CgroupFeatures ProbeV2(CgroupHierarchy cgroups, HostFiles files)
    {
        bool memory = cgroups.Controllers.Contains("memory"), cpu = cgroups.Controllers.Contains("cpu"), io = cgroups.Controllers.Contains("io");
        return new CgroupFeatures
        {
            MemoryLimit = memory,
            // The root has no memory files; swap accounting is on unless the boot line says otherwise.
            SwapLimit = memory && !files.Read("/proc/cmdline").Contains("swapaccount=0", StringComparison.Ordinal),
            MemoryReservation = memory,
            CpuShares = cpu,
            CpuQuota = cpu,
            CpuSet = cgroups.Controllers.Contains("cpuset"),
            PidsLimit = cgroups.Controllers.Contains("pids"),
            BlockIoWeight = io,
            BlockIoThrottle = io,
            Devices = true,
            Freezer = true,
        };
    }
}
