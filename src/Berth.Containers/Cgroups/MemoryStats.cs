using System.Collections.ObjectModel;

namespace Berth.Containers.Cgroups;

/// <summary>Memory in bytes.</summary>
public sealed record MemoryStats
{
    /// <summary>In use, page cache included.</summary>
    public ulong Usage { get; init; }

    /// <summary>Highest usage so far; 0 where the kernel does not record it.</summary>
    public ulong MaxUsage { get; init; }

    /// <summary>The limit, or null when there is none.</summary>
    public ulong? Limit { get; init; }

    /// <summary>Swap in use.</summary>
    public ulong SwapUsage { get; init; }

    /// <summary>How often the limit was hit.</summary>
    public ulong FailCount { get; init; }

    /// <summary>The kernel's <c>memory.stat</c>, names as on this cgroup version.</summary>
    public IReadOnlyDictionary<string, ulong> Stat { get; init; } = ReadOnlyDictionary<string, ulong>.Empty;
}
