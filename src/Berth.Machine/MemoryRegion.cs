namespace Berth.Machine;

/// <summary>A run of guest-physical RAM. <paramref name="FileOffset"/> is its place in the memory file; all in bytes, page aligned.</summary>
public readonly record struct MemoryRegion(ulong GuestAddress, ulong Length, ulong FileOffset)
{
    /// <summary>First guest-physical address behind the region.</summary>
    public ulong End => GuestAddress + Length;
}
