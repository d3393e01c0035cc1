using System.Text;
using Berth.Boot.Layout;
using Berth.Machine;

namespace Berth.Boot.Smbios;

/// <summary>SMBIOS 3 entry point and structures. Spec: [SMBIOS] 5.2.2, 7.</summary>
internal static class SmbiosTables
{
    private const int EntryLength = 24;
    private const int TableOffset = 32;
    private const byte Other = 1;
    private const byte Unknown = 2;

    /// <summary>The bytes for guest-physical <paramref name="address"/>.</summary>
    public static byte[] Build(SmbiosConfig config, GuestMemory memory, ulong address)
    {
        var table = new TableWriter();
        Add(table, 0, new TableWriter().U8(1, 2).U16(0).U8(3, 0).U64(1 << 3) // characteristics not supported
            .U8(0, 1 << 4, 0, 0, 0xFF, 0xFF).U16(0), "Berth", "1", "01/01/2026"); // virtual machine
        Add(table, 1, new TableWriter().U8(1, 2, 3, 4).U8(config.Uuid.ToByteArray()).U8(6, 0, 0), "Berth", config.Product, "1", config.SerialNumber);
        Add(table, 3, new TableWriter().U8(1, Other, 0, 0, 0, 3, 3, 3, Unknown).U32(0).U8(0, 1, 0, 0, 0), "Berth");
        for (int i = 0; i < config.CpuCount; i++) AddProcessor(table, i);
        AddMemory(table, memory);
        Add(table, 32, new TableWriter().Zeros(7)); // boot status: no errors
        Add(table, 127, new TableWriter());
        byte[] structures = table.ToArray();
        if (structures.Length > LowMemory.TableSpace - TableOffset) throw new ArgumentException($"SMBIOS tables for {config.CpuCount} processors need {structures.Length} bytes.", nameof(config));
        byte[] entry = new TableWriter().Text("_SM3_", 5).U8(0, EntryLength, 3, 3, 0, 1, 0).U32((uint)structures.Length).U64(address + TableOffset).ToArray();
        entry[5] = TableWriter.Checksum(entry);
        return [.. entry, .. new byte[TableOffset - EntryLength], .. structures];
    }

    private static void AddProcessor(TableWriter table, int index) =>
        Add(table, 4, new TableWriter().U8(1, 3).U8(Other, 2).U64(0).U8(3, 0).U16(0).U16(0).U16(0).U8(0x41, Other) // enabled, family "other"
            .U16(0xFFFF).U16(0xFFFF).U16(0xFFFF).U8(0, 0, 0, 1, 1, 1).U16(1 << 2).U16(Other).U16(1).U16(1).U16(1), $"CPU {index}", "Berth", "Berth Virtual CPU");

    private static void AddMemory(TableWriter table, GuestMemory memory)
    {
        ulong megabytes = memory.Size >> 20;
        Add(table, 16, new TableWriter().U8(Other, 3, 6).U32(0x8000_0000).U16(0xFFFE).U16(1).U64(memory.Size)); // system memory, multi-bit ECC
        ushort size = megabytes < 0x7FFF ? (ushort)megabytes : (ushort)0x7FFF;
        Add(table, 17, new TableWriter().U16(0x1000).U16(0xFFFE).U16(64).U16(64).U16(size).U8(9, 0, 1, 0, 7).U16(1 << 1).U16(0).U8(0, 0, 0, 0, 0)
            .U32((uint)megabytes).U16(0).U16(0).U16(0).U16(0), "DIMM 0");
        foreach (MemoryRegion region in memory.Regions)
        {
            Add(table, 19, new TableWriter().U32(uint.MaxValue).U32(uint.MaxValue).U16(0x1000).U8(1).U64(region.GuestAddress).U64(region.End - 1));
        }
    }

    // Structures are header, fields, then strings that the fields name by number; two zeros end them.
    private static void Add(TableWriter table, byte type, TableWriter fields, params string[] strings)
    {
        ushort handle = (ushort)(type == 16 ? 0x1000 : table.Length);
        table.U8(type, (byte)(4 + fields.Length)).U16(handle).U8(fields.ToArray());
        foreach (string text in strings) table.U8(Encoding.ASCII.GetBytes(text.Length == 0 ? "-" : text)).U8(0);
        if (strings.Length == 0) table.U8(0);
        table.U8(0);
    }
}
