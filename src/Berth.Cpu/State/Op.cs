using System.Runtime.InteropServices;

namespace Berth.Cpu.State;

/// <summary>A decoded instruction. Operand registers are byte offsets into <see cref="CpuState"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Op
{
    /// <summary>Executes the instruction; false leaves the block (fault or <see cref="CpuState.Stop"/>).</summary>
    public Handler Run;

    public long Displacement;
    public long Immediate;

    /// <summary>Host stub of instructions that the host itself executes.</summary>
    public nint Stub;

    /// <summary>Register operands in order.</summary>
    public ushort A, B, C, D;

    /// <summary>State offsets of base, index and segment base; absent parts point at the zero slot.</summary>
    public ushort Base, Index, SegmentBase;

    /// <summary>Distance of this and of the next instruction from the start of the block.</summary>
    public ushort Offset, Next;

    public byte Scale;

    /// <summary>Segment register of the memory operand.</summary>
    public byte Segment;

    public OpFlags Flags;

    /// <summary>2, 4 or 8.</summary>
    public byte AddressSize;

    /// <summary>Bytes of the memory operand.</summary>
    public byte MemorySize;

    /// <summary>Small per-group extra, such as a register number or an operand count.</summary>
    public byte Extra;

    /// <summary>Iced's code of the instruction.</summary>
    public ushort Code;
}
