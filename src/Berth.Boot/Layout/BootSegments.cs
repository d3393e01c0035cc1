using System.Buffers.Binary;
using Berth.Machine;
using Berth.X86;

namespace Berth.Boot.Layout;

/// <summary>The descriptor table of the first instructions: code at selector 0x10, data at 0x18, a task state segment at 0x20, as Linux and PVH expect.</summary>
internal static class BootSegments
{
    private const SegmentAttributes Flat = SegmentAttributes.Present | SegmentAttributes.NonSystem | SegmentAttributes.WritableOrReadable
        | SegmentAttributes.Accessed | SegmentAttributes.PageGranular;

    /// <summary>Writes the table and sets segment registers, GDTR and TR; <paramref name="longMode"/> chooses 64- or 32-bit code.</summary>
    public static void Load(GuestMemory memory, CpuRegisters registers, bool longMode)
    {
        SegmentDescriptor code = SegmentDescriptor.Create(0, uint.MaxValue, Flat | SegmentAttributes.Code | (longMode ? SegmentAttributes.Long : SegmentAttributes.Big));
        SegmentDescriptor data = SegmentDescriptor.Create(0, uint.MaxValue, Flat | SegmentAttributes.Big);
        SegmentDescriptor task = SegmentDescriptor.Create((uint)LowMemory.TaskState, 0x67, SegmentAttributes.Present | (SegmentAttributes)SystemType.TssBusy);
        byte[] table = new byte[48];
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(0x10), code.Raw);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(0x18), data.Raw);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(0x20), task.Raw);
        memory.Write(LowMemory.Gdt, table);
        memory.Write(LowMemory.TaskState, new byte[0x68]);
        for (int i = 0; i < registers.Segments.Length; i++) registers.Segments[i] = data.ToSegment(0x18);
        registers.Segments[(int)SegmentName.Cs] = code.ToSegment(0x10);
        registers.TaskRegister = task.ToSegment(0x20);
        registers.LocalTable = default;
        registers.Gdt = new(LowMemory.Gdt, (ushort)(table.Length - 1));
        registers.Idt = new(0, 0);
    }
}
