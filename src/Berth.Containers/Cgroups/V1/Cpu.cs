using System.Globalization;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Cgroups.V1;

/// <summary>The cpu and cpuacct controllers. Kernel documentation: scheduler/sched-bwc.rst, admin-guide/cgroup-v1/cpuacct.rst.</summary>
internal static class Cpu
{
    public static bool Wants(CpuResources cpu) =>
        cpu.Shares is > 0 || cpu.Quota is not (null or 0) || cpu.Period is > 0 || cpu.Burst is not null || cpu.RealtimePeriod is > 0 || cpu.RealtimeRuntime is not (null or 0) || cpu.Idle is not null;

    public static void Apply(string directory, CpuResources cpu)
    {
        if (cpu.Idle is { } idle)
            CgroupFile.Write(directory, "cpu.idle", idle);
        if (cpu.Shares is > 0)
            CgroupFile.Write(directory, "cpu.shares", cpu.Shares.Value);
        if (cpu.RealtimePeriod is > 0)
            CgroupFile.Write(directory, "cpu.rt_period_us", cpu.RealtimePeriod.Value);
        if (cpu.RealtimeRuntime is not (null or 0))
            WriteRealtime(directory, cpu.RealtimeRuntime.Value);

        // A new period may not fit the old quota: then the quota goes first.
        bool periodWritten = cpu.Period is not > 0 || CgroupFile.TryWrite(directory, "cpu.cfs_period_us", Text(cpu.Period.Value)) == Errno.None;
        if (cpu.Quota is not (null or 0))
            CgroupFile.Write(directory, "cpu.cfs_quota_us", cpu.Quota.Value);
        if (!periodWritten)
            CgroupFile.Write(directory, "cpu.cfs_period_us", cpu.Period!.Value);
        if (cpu.Burst is { } burst)
            CgroupFile.Write(directory, "cpu.cfs_burst_us", burst);
    }

    private static void WriteRealtime(string directory, long runtime)
    {
        Errno errno = CgroupFile.TryWrite(directory, "cpu.rt_runtime_us", Text(runtime));
        if (errno == Errno.EINVAL)
            throw new CgroupException($"cpu.rt_runtime_us: {runtime} is more than the parent cgroup has; give the parent real-time runtime first", errno);
        if (errno != Errno.None)
            throw CgroupFile.Refused(directory, "cpu.rt_runtime_us", Text(runtime), errno);
    }

    public static CpuStats Read(string? cpu, string? cpuacct)
    {
        Dictionary<string, ulong> bandwidth = cpu is null ? [] : CgroupFile.ReadTable(cpu, "cpu.stat");
        var stats = new CpuStats
        {
            Periods = bandwidth.Get("nr_periods"),
            ThrottledPeriods = bandwidth.Get("nr_throttled"),
            ThrottledNanoseconds = bandwidth.Get("throttled_time"),
        };
        return cpuacct is null ? stats : stats with
        {
            UsageNanoseconds = CgroupFile.ReadNumber(cpuacct, "cpuacct.usage") ?? 0,
            UserNanoseconds = CgroupFile.ReadNumber(cpuacct, "cpuacct.usage_user") ?? 0,
            SystemNanoseconds = CgroupFile.ReadNumber(cpuacct, "cpuacct.usage_sys") ?? 0,
            PerCpuNanoseconds = ReadPerCpu(cpuacct),
        };
    }

    private static List<ulong> ReadPerCpu(string cpuacct)
    {
        var list = new List<ulong>();
        foreach (string word in (CgroupFile.TryRead(cpuacct, "cpuacct.usage_percpu") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
                list.Add(value);
        }
        return list;
    }

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
