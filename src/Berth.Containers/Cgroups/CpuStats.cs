namespace Berth.Containers.Cgroups;

/// <summary>Processor time in nanoseconds.</summary>
public sealed record CpuStats
{
    /// <summary>User and system time together.</summary>
    public ulong UsageNanoseconds { get; init; }

    /// <summary>Time in user mode.</summary>
    public ulong UserNanoseconds { get; init; }

    /// <summary>Time in the kernel.</summary>
    public ulong SystemNanoseconds { get; init; }

    /// <summary>Usage by CPU number; empty on cgroup v2, which does not count it.</summary>
    public IReadOnlyList<ulong> PerCpuNanoseconds { get; init; } = [];

    /// <summary>Enforcement periods that passed.</summary>
    public ulong Periods { get; init; }

    /// <summary>Periods in which the quota ran out.</summary>
    public ulong ThrottledPeriods { get; init; }

    /// <summary>Time spent waiting for the next period.</summary>
    public ulong ThrottledNanoseconds { get; init; }
}
