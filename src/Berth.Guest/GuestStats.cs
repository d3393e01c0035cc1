namespace Berth.Guest;

/// <summary>What the guest's kernel counts for the whole machine.</summary>
/// <param name="BusyNanoseconds">Processor time spent not idle.</param>
/// <param name="MemoryTotal">Bytes the kernel has.</param>
/// <param name="MemoryAvailable">Bytes a new program could have.</param>
/// <param name="MemoryCached">Bytes of cached files.</param>
/// <param name="OutOfMemoryKills">Processes killed for lack of memory.</param>
/// <param name="Processes">Processes started over the channel and still running.</param>
public sealed record GuestStats(ulong BusyNanoseconds, ulong MemoryTotal, ulong MemoryAvailable, ulong MemoryCached, ulong OutOfMemoryKills, ulong Processes);
