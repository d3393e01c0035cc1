using Iced.Intel;

namespace Berth.Cpu.Direct.Relocation;

/// <summary>Which instructions may run at another place than their own.</summary>
internal static class Relocatable
{
    /// <summary>Whether an instruction must be left to the interpreter: it would answer for the host's processor, tell of the place where it stands, or
    /// go where code cannot be followed.</summary>
    /// <param name="i">The instruction.</param>
    /// <param name="bytes">Its bytes.</param>
    public static bool MustLeave(in Instruction i, ReadOnlySpan<byte> bytes)
    {
        // What the guest's model does not have must not run because the host does.
        if (i.IsInvalid || i.Encoding is not (EncodingKind.Legacy or EncodingKind.VEX)) return true;
        if (IsAnswer(bytes) || HasMask(i)) return true;
        switch (i.FlowControl)
        {
            case FlowControl.Next: break;
            case FlowControl.ConditionalBranch:
                return !(i.IsJccShortOrNear && i.Op0Kind == OpKind.NearBranch64) && i.Code is not (Code.Loop_rel8_64_RCX or Code.Loope_rel8_64_RCX or Code.Loopne_rel8_64_RCX or Code.Jrcxz_rel8_64);
            case FlowControl.UnconditionalBranch: return i.Code is not (Code.Jmp_rel8_64 or Code.Jmp_rel32_64);
            case FlowControl.Call: return i.Code != Code.Call_rel32_64;
            case FlowControl.Return: return i.Code is not (Code.Retnq or Code.Retnq_imm16);
            case FlowControl.IndirectBranch: return i.Code != Code.Jmp_rm64 || HasOddTarget(i);
            case FlowControl.IndirectCall: return i.Code != Code.Call_rm64 || HasOddTarget(i);
            default: return true;
        }
        return i.Mnemonic switch
        {
            // A trap after the next instruction would come in the middle of what stands for it.
            Mnemonic.Popf or Mnemonic.Popfd or Mnemonic.Popfq => true,
            // Not every base and selector can be given to a process again.
            Mnemonic.Wrfsbase or Mnemonic.Wrgsbase or Mnemonic.Lfs or Mnemonic.Lgs or Mnemonic.Lss => true,
            // They store the address of the last x87 instruction.
            Mnemonic.Fnstenv or Mnemonic.Fstenv or Mnemonic.Fnsave or Mnemonic.Fsave or Mnemonic.Fxsave or Mnemonic.Fxsave64 => true,
            _ => i.Op0Kind == OpKind.Register && i.Op0Register.IsSegmentRegister() && i.Mnemonic != Mnemonic.Push,
        };
    }

    /// <summary>Whether an operand relative to RIP is encoded as compilers do: no bit of a prefix that another form would take for a register.</summary>
    public static bool HasPlainOperand(in Instruction i, ReadOnlySpan<byte> bytes)
    {
        if (i.MemoryBase != Register.RIP) return false;
        if (i.Encoding == EncodingKind.VEX)
        {
            int vex = bytes.IndexOfAny<byte>(0xC4, 0xC5);
            // X and B are inverted.
            return bytes[vex] == 0xC5 || (bytes[vex + 1] & 0x60) == 0x60;
        }
        int opcode = Opcode(bytes);
        return opcode == 0 || !IsRex(bytes[opcode - 1]) || (bytes[opcode - 1] & 3) == 0;
    }

    private static bool HasOddTarget(in Instruction i) =>
        i.Op0Kind == OpKind.Memory && i.IsIPRelativeMemoryOperand && (i.MemoryBase != Register.RIP || i.SegmentPrefix != Register.None);

    private static bool HasMask(in Instruction i)
    {
        for (int k = 0; k < i.OpCount; k++)
        {
            if (i.GetOpKind(k) == OpKind.Register && i.GetOpRegister(k).IsK()) return true;
        }
        return false;
    }

    private static bool IsAnswer(ReadOnlySpan<byte> bytes)
    {
        int opcode = Opcode(bytes);
        // Only a REX right before the opcode counts; nobody writes another.
        for (int i = 0; i < opcode - 1; i++)
        {
            if (IsRex(bytes[i])) return true;
        }
        return bytes[opcode] == 0x0F && CodeScan.IsListed(bytes[opcode + 1], opcode + 2 < bytes.Length ? bytes[opcode + 2] : (byte)0);
    }

    private static bool IsRex(byte value) => (value & 0xF0) == 0x40;

    /// <summary>Offset of what follows the prefixes.</summary>
    private static int Opcode(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (CodeScan.IsPrefix(bytes[at])) at++;
        return at;
    }
}
