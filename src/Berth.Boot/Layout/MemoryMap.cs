using Berth.Machine;

namespace Berth.Boot.Layout;

/// <summary>The map of memory that a kernel is told.</summary>
public static class MemoryMap
{
    /// <summary>Low RAM, the tables below 1 MiB, the PCI configuration window (if <paramref name="ecamLength"/> is not zero), and RAM above 4 GiB.</summary>
    public static IReadOnlyList<E820Entry> Build(GuestMemory memory, ulong ecamAddress, ulong ecamLength)
    {
        ArgumentNullException.ThrowIfNull(memory);
        List<E820Entry> map =
        [
            new(0, LowMemory.UsableEnd, E820Type.Usable),
            new(LowMemory.UsableEnd, 0xA_0000 - LowMemory.UsableEnd, E820Type.Reserved),
            new(LowMemory.AcpiTables, LowMemory.HighStart - LowMemory.AcpiTables, E820Type.Reserved),
        ];
        foreach (MemoryRegion region in memory.Regions)
        {
            ulong start = Math.Max(region.GuestAddress, LowMemory.HighStart);
            if (region.End > start) map.Add(new(start, region.End - start, E820Type.Usable));
        }
        if (ecamLength != 0) map.Add(new(ecamAddress, ecamLength, E820Type.Reserved));
        map.Sort((a, b) => a.Address.CompareTo(b.Address));
        return map;
    }
}
