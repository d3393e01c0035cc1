namespace Berth.Containers.Cgroups;

/// <summary>Resource usage of a cgroup and everything below it.</summary>
public sealed record CgroupStats
{
    /// <summary>Processor time.</summary>
    public CpuStats Cpu { get; init; } = new();

    /// <summary>Memory.</summary>
    public MemoryStats Memory { get; init; } = new();

    /// <summary>Number of tasks.</summary>
    public PidsStats Pids { get; init; } = new();

    /// <summary>Block devices.</summary>
    public BlockIoStats BlockIo { get; init; } = new();

    /// <summary>Processes killed because memory ran out.</summary>
    public ulong OomKills { get; init; }
}
