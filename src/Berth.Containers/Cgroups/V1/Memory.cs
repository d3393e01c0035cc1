using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Cgroups.V1;

/// <summary>The memory controller. Kernel documentation: admin-guide/cgroup-v1/memory.rst.</summary>
internal static class Memory
{
    private const string LimitFile = "memory.limit_in_bytes", SwapFile = "memory.memsw.limit_in_bytes";

    // "No limit" reads back as the largest multiple of the page size.
    private const ulong Unlimited = 0x7FFF_FFFF_FFFF_0000;

    public static void Apply(string directory, MemoryResources memory)
    {
        long? limit = NonZero(memory.Limit);
        long? swap = CgroupFile.Exists(directory, SwapFile) ? NonZero(memory.Swap) ?? (limit == -1 ? -1 : null) : null;
        if (limit is { } bytes && memory.CheckBeforeUpdate == true && bytes > 0 && CgroupFile.ReadNumber(directory, "memory.usage_in_bytes") > (ulong)bytes)
            throw new CgroupException($"memory limit {bytes} is below the present usage");

        // The kernel keeps limit <= memory+swap limit at every moment, so the one that makes room goes first.
        bool growing = swap == -1 || (swap is { } total && CgroupFile.ReadNumber(directory, LimitFile) < (ulong)total);
        if (growing)
            WriteLimit(directory, SwapFile, swap);
        WriteLimit(directory, LimitFile, limit);
        if (!growing)
            WriteLimit(directory, SwapFile, swap);

        WriteLimit(directory, "memory.soft_limit_in_bytes", NonZero(memory.Reservation));
        WriteLimit(directory, "memory.kmem.tcp.limit_in_bytes", NonZero(memory.KernelTcp));
        if (memory.Swappiness is { } swappiness)
            CgroupFile.Write(directory, "memory.swappiness", swappiness);
        if (memory.DisableOomKiller is { } disable)
            CgroupFile.Write(directory, "memory.oom_control", disable ? "1" : "0");
    }

    public static MemoryStats Read(string directory)
    {
        ulong usage = CgroupFile.ReadNumber(directory, "memory.usage_in_bytes") ?? 0;
        ulong both = CgroupFile.ReadNumber(directory, "memory.memsw.usage_in_bytes") ?? usage;
        ulong? limit = CgroupFile.ReadNumber(directory, LimitFile);
        return new MemoryStats
        {
            Usage = usage,
            MaxUsage = CgroupFile.ReadNumber(directory, "memory.max_usage_in_bytes") ?? 0,
            Limit = limit >= Unlimited ? null : limit,
            SwapUsage = both > usage ? both - usage : 0,
            FailCount = CgroupFile.ReadNumber(directory, "memory.failcnt") ?? 0,
            Stat = CgroupFile.ReadTable(directory, "memory.stat"),
        };
    }

    /// <summary>The counter is local to each cgroup, so those below are added.</summary>
    public static ulong OomKills(string directory)
    {
        ulong sum = 0;
        foreach (string cgroup in CgroupTree.BottomUp(directory))
            sum += CgroupFile.ReadTable(cgroup, "memory.oom_control").Get("oom_kill");
        return sum;
    }

    private static long? NonZero(long? value) => value == 0 ? null : value;

    private static void WriteLimit(string directory, string file, long? value)
    {
        if (value is not { } bytes)
            return;
        switch (CgroupFile.TryWrite(directory, file, bytes.ToString()))
        {
            case Errno.None:
                return;
            case Errno.EBUSY:
                throw new CgroupException($"{file}: {bytes} is below the present usage of {CgroupFile.ReadNumber(directory, "memory.usage_in_bytes")}, and the kernel cannot reclaim enough", Errno.EBUSY);
            case Errno.EINVAL when file == LimitFile:
                throw new CgroupException($"{file}: {bytes} is above the limit on memory and swap together; raise memory-swap with it", Errno.EINVAL);
            case var errno:
                throw CgroupFile.Refused(directory, file, bytes.ToString(), errno);
        }
    }
}
