using System.Buffers.Binary;
using Berth.Machine;
using Berth.X86;

namespace Berth.Boot.Layout;

/// <summary>Identity mapping of the first 4 GiB in 2 MiB pages. Spec: [SDM3] 4.5.</summary>
internal static class PageTables
{
    /// <summary>Writes the tables and gives the value for CR3.</summary>
    public static ulong Write(GuestMemory memory)
    {
        const ulong table = PageEntry.Present | PageEntry.Writable;
        byte[] pages = new byte[6 * 4096];
        Put(pages, 0, 0, (LowMemory.PageTables + 0x1000) | table);
        for (int i = 0; i < 4; i++) Put(pages, 1, i, (LowMemory.PageTables + 0x2000 + (ulong)i * 0x1000) | table);
        for (int i = 0; i < 4 * 512; i++) Put(pages, 2, i, (ulong)i << 21 | table | PageEntry.Large);
        memory.Write(LowMemory.PageTables, pages);
        return LowMemory.PageTables;
    }

    private static void Put(byte[] pages, int page, int index, ulong entry) =>
        BinaryPrimitives.WriteUInt64LittleEndian(pages.AsSpan(page * 4096 + index * 8), entry);
}
