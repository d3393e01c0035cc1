namespace Berth.Vmm.Control;

/// <summary>What the guest's kernel counts for the whole machine.</summary>
public sealed record GuestCounters
{
    /// <summary>Processor time spent not idle, nanoseconds.</summary>
    public ulong BusyNanoseconds { get; init; }

    /// <summary>Bytes the kernel has.</summary>
    public ulong MemoryTotal { get; init; }

    /// <summary>Bytes a new program could have.</summary>
    public ulong MemoryAvailable { get; init; }

    /// <summary>Bytes of cached files.</summary>
    public ulong MemoryCached { get; init; }

    /// <summary>Processes killed for lack of memory.</summary>
    public ulong OutOfMemoryKills { get; init; }

    /// <summary>Processes started from outside and still running.</summary>
    public ulong Processes { get; init; }
}
