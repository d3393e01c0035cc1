using System.Globalization;
using Berth.Containers.Spec;

namespace Berth.Containers.Cgroups.V2;

/// <summary>The cpu and cpuset controllers.</summary>
internal static class Cpu
{
    private const ulong DefaultPeriod = 100_000;

    public static void Apply(string directory, CpuResources cpu)
    {
        if (cpu.RealtimePeriod is > 0 || cpu.RealtimeRuntime is not (null or 0))
            throw new CgroupException("real-time CPU limits exist only in cgroup v1; this host's controllers are in cgroup v2");
        if (cpu.Idle is { } idle)
            CgroupFile.Write(directory, "cpu.idle", idle);
        if (cpu.Shares is > 0 && cpu.Idle != 1)
            CgroupFile.Write(directory, "cpu.weight", CpuWeight.FromShares(cpu.Shares.Value));
        if (cpu.Quota is not (null or 0) || cpu.Period is > 0)
            WriteBandwidth(directory, cpu.Quota ?? 0, cpu.Period ?? 0);
        if (cpu.Burst is { } burst)
            CgroupFile.Write(directory, "cpu.max.burst", burst);
        if (!string.IsNullOrEmpty(cpu.Cpus))
            CgroupFile.Write(directory, "cpuset.cpus", cpu.Cpus);
        if (!string.IsNullOrEmpty(cpu.Mems))
            CgroupFile.Write(directory, "cpuset.mems", cpu.Mems);
    }

    // cpu.max holds both numbers; the one not given keeps its present value.
    private static void WriteBandwidth(string directory, long quota, ulong period)
    {
        string[] present = (CgroupFile.TryRead(directory, "cpu.max") ?? "").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        string quotaText = quota switch
        {
            > 0 => quota.ToString(CultureInfo.InvariantCulture),
            < 0 => "max",
            0 => present.Length > 0 ? present[0] : "max",
        };
        string periodText = period > 0 ? period.ToString(CultureInfo.InvariantCulture)
            : present.Length > 1 ? present[1] : DefaultPeriod.ToString(CultureInfo.InvariantCulture);
        CgroupFile.Write(directory, "cpu.max", $"{quotaText} {periodText}");
    }

    public static CpuStats Read(string directory)
    {
        Dictionary<string, ulong> stat = CgroupFile.ReadTable(directory, "cpu.stat");
        return new CpuStats
        {
            UsageNanoseconds = stat.Get("usage_usec") * 1000,
            UserNanoseconds = stat.Get("user_usec") * 1000,
            SystemNanoseconds = stat.Get("system_usec") * 1000,
            Periods = stat.Get("nr_periods"),
            ThrottledPeriods = stat.Get("nr_throttled"),
            ThrottledNanoseconds = stat.Get("throttled_usec") * 1000,
        };
    }
}
