using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>Flattens Iced's operands into an <see cref="Op"/>.</summary>
internal static unsafe class Operands
{
    private const ushort Zero = CpuState.ZeroSlot * 8;

    /// <summary>Fills registers, memory operand and immediate.</summary>
    public static void Fill(in Instruction i, Op* o, int codeSize)
    {
        o->Base = o->Index = o->SegmentBase = Zero;
        for (int k = 0; k < i.OpCount; k++)
        {
            switch (i.GetOpKind(k))
            {
                case OpKind.Register:
                    ushort offset = Offset(i.GetOpRegister(k));
                    if (k == 0) o->A = offset;
                    else if (k == 1) o->B = offset;
                    else if (k == 2) o->C = offset;
                    else o->D = offset;
                    break;
                case OpKind.Memory:
                    Memory(i, o, codeSize);
                    break;
                case OpKind.Immediate8 or OpKind.Immediate16 or OpKind.Immediate32 or OpKind.Immediate64 or OpKind.Immediate8to16
                    or OpKind.Immediate8to32 or OpKind.Immediate8to64 or OpKind.Immediate32to64:
                    o->Immediate = (long)i.GetImmediate(k);
                    break;
                case OpKind.NearBranch16 or OpKind.NearBranch32 or OpKind.NearBranch64:
                    o->Immediate = (long)i.NearBranchTarget;
                    break;
            }
        }
        if (i.HasLockPrefix) o->Flags |= OpFlags.Lock;
        if (i.HasRepPrefix) o->Flags |= OpFlags.Rep;
        if (i.HasRepnePrefix) o->Flags |= OpFlags.Repne;
    }

    private static void Memory(in Instruction i, Op* o, int codeSize)
    {
        o->Flags |= OpFlags.Memory;
        o->MemorySize = (byte)Math.Min(i.MemorySize.GetSize(), 255);
        Register segment = i.MemorySegment;
        o->Segment = (byte)(segment - Register.ES);
        int addressSize = AddressSize(i, codeSize);
        o->AddressSize = (byte)addressSize;
        if (codeSize != 2 || addressSize != 8) o->Flags |= OpFlags.SlowAddress;
        if (segment is Register.FS or Register.GS) o->SegmentBase = (ushort)(CpuState.SegmentBaseOffset + (o->Segment * 8));
        if (i.IsIPRelativeMemoryOperand)
        {
            // The decoder's IP is the distance from the block's start, so the displacement is relative to BlockRip.
            o->Base = CpuState.BlockRip * 8;
            o->Displacement = (long)i.MemoryDisplacement64;
            if (addressSize == 4) o->Displacement = (int)i.MemoryDisplacement64;
            return;
        }
        if (i.MemoryBase != Register.None) o->Base = Offset(i.MemoryBase);
        if (i.MemoryIndex != Register.None && !i.MemoryIndex.IsVectorRegister()) o->Index = Offset(i.MemoryIndex);
        o->Scale = (byte)System.Numerics.BitOperations.TrailingZeroCount(i.MemoryIndexScale);
        o->Displacement = addressSize == 8 ? (long)i.MemoryDisplacement64 : (int)i.MemoryDisplacement32;
    }

    /// <summary>Bytes of the address: 2, 4 or 8.</summary>
    public static int AddressSize(in Instruction i, int codeSize)
    {
        if (i.IsIPRelativeMemoryOperand) return i.MemoryBase == Register.EIP ? 4 : 8;
        if (i.MemoryBase != Register.None) return Math.Min(i.MemoryBase.GetSize(), 8);
        if (i.MemoryIndex != Register.None && !i.MemoryIndex.IsVectorRegister()) return i.MemoryIndex.GetSize();
        return i.MemoryDisplSize switch { 2 => 2, 4 => 4, 8 => 8, _ => codeSize == 2 ? 8 : codeSize == 1 ? 4 : 2 };
    }

    /// <summary>Byte offset of a register in <see cref="CpuState"/>.</summary>
    public static ushort Offset(Register register)
    {
        if (register is >= Register.AH and <= Register.BH) return (ushort)(((register - Register.AH) * 8) + 1);
        if (register.IsGPR()) return (ushort)((register.GetFullRegister() - Register.RAX) * 8);
        if (register.IsSegmentRegister()) return (ushort)(register - Register.ES);
        if (register.IsXMM() || register.IsYMM()) return (ushort)(CpuState.XmmOffset + (register.GetNumber() * 16));
        if (register.IsST() || register.IsMM() || register.IsCR() || register.IsDR()) return (ushort)register.GetNumber();
        return Zero;
    }
}
