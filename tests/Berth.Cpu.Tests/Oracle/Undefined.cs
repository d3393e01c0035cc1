using Iced.Intel;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>What the manual leaves undefined, so that it is not compared: processors differ there.</summary>
internal static class Undefined
{
    /// <summary>[SDM2] SHLD, SHRD: with a count beyond the operand size result and flags are undefined.</summary>
    public static bool Result(in Instruction i, MachineState before) =>
        i.Mnemonic is Mnemonic.Shld or Mnemonic.Shrd && Count(i, before) > Width(i);

    /// <summary>Bits of RFLAGS. Iced knows most; the rest stands here.</summary>
    public static ulong Flags(in Instruction i, MachineState before)
    {
        ulong mask = Bits(i.RflagsUndefined);
        switch (i.Mnemonic)
        {
            // [SDM2] SHL, SHR, SAR, SHLD, SHRD, ROL, ROR, RCL, RCR: OF is defined for counts of 1 only, CF not for counts beyond the width, AF never.
            case Mnemonic.Shl or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Sal or Mnemonic.Rol or Mnemonic.Ror or Mnemonic.Rcl or Mnemonic.Rcr
                or Mnemonic.Shld or Mnemonic.Shrd:
                int width = Width(i), count = Count(i, before);
                if (count == 0) return 0;
                if (count != 1) mask |= 1 << 11;
                if (count >= width && i.Mnemonic is Mnemonic.Shl or Mnemonic.Shr or Mnemonic.Sal or Mnemonic.Sar) mask |= 1;
                if (i.Mnemonic is Mnemonic.Shl or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Sal or Mnemonic.Shld or Mnemonic.Shrd) mask |= 1 << 4;
                break;
            // [SDM2] BT, BTC, BTR, BTS: ZF is unaffected, the others undefined.
            case Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc: mask |= 0x894; break;
        }
        return mask;
    }

    // Of the shifted operand, in bits.
    private static int Width(in Instruction i) => (i.Op0Kind == OpKind.Memory ? i.MemorySize.GetSize() : i.Op0Register.GetSize()) * 8;

    // A shift's count stands last: an immediate, or CL.
    private static int Count(in Instruction i, MachineState before)
    {
        int last = i.OpCount - 1;
        return (int)(i.GetOpKind(last) == OpKind.Register ? before.General[1] : i.GetImmediate(last)) & (Width(i) == 64 ? 63 : 31);
    }

    private static ulong Bits(RflagsBits bits) =>
        (bits.HasFlag(RflagsBits.OF) ? 1UL << 11 : 0) | (bits.HasFlag(RflagsBits.SF) ? 1UL << 7 : 0) | (bits.HasFlag(RflagsBits.ZF) ? 1UL << 6 : 0)
        | (bits.HasFlag(RflagsBits.AF) ? 1UL << 4 : 0) | (bits.HasFlag(RflagsBits.CF) ? 1UL : 0) | (bits.HasFlag(RflagsBits.PF) ? 1UL << 2 : 0);
}
