using System.Buffers.Binary;
using Berth.Boot.Layout;
using Berth.Machine;

namespace Berth.Boot.Kernels;

/// <summary>struct hvm_start_info, version 1, with its module list and memory map. Spec: [PVH].</summary>
internal static class PvhStartInfo
{
    private const uint Magic = 0x336E_C578;
    private const int ModuleList = 0x40;
    private const int MapTable = 0x80;

    /// <summary>Writes the structure and what it points to.</summary>
    public static void Write(GuestMemory memory, BootParameters boot)
    {
        byte[] info = new byte[MapTable + boot.Map.Count * 24];
        BinaryPrimitives.WriteUInt32LittleEndian(info, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(4), 1);
        if (boot.InitrdLength != 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(12), 1);
            BinaryPrimitives.WriteUInt64LittleEndian(info.AsSpan(16), LowMemory.StartInfo + ModuleList);
            BinaryPrimitives.WriteUInt64LittleEndian(info.AsSpan(ModuleList), boot.InitrdAddress);
            BinaryPrimitives.WriteUInt64LittleEndian(info.AsSpan(ModuleList + 8), (ulong)boot.InitrdLength);
        }
        BinaryPrimitives.WriteUInt64LittleEndian(info.AsSpan(24), LowMemory.CommandLine);
        BinaryPrimitives.WriteUInt64LittleEndian(info.AsSpan(32), boot.RsdpAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(info.AsSpan(40), LowMemory.StartInfo + MapTable);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(48), (uint)boot.Map.Count);
        int at = MapTable;
        foreach (E820Entry entry in boot.Map)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(info.AsSpan(at), entry.Address);
            BinaryPrimitives.WriteUInt64LittleEndian(info.AsSpan(at + 8), entry.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(at + 16), (uint)entry.Type);
            at += 24;
        }
        memory.Write(LowMemory.StartInfo, info);
    }
}
