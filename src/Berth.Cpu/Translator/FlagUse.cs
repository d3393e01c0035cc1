using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Which status flags an instruction reads, may change and surely overwrites, in Iced's bits.</summary>
internal readonly record struct FlagUse(int Reads, int Changes, int Kills)
{
    public const int All = (int)(RflagsBits.OF | RflagsBits.SF | RflagsBits.ZF | RflagsBits.AF | RflagsBits.CF | RflagsBits.PF);

    public static FlagUse Of(in Instruction i)
    {
        int reads = (int)i.RflagsRead & All, changes = (int)i.RflagsModified & All;
        return new(reads, changes, IsConditional(i) ? 0 : changes);
    }

    // A count of zero leaves all flags as they are.
    private static bool IsConditional(in Instruction i)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Shl or Mnemonic.Sal or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Rol or Mnemonic.Ror or Mnemonic.Rcl or Mnemonic.Rcr:
                return i.Op1Kind == OpKind.Register || (i.Immediate8 & 31) == 0;
            case Mnemonic.Shld or Mnemonic.Shrd: return i.Op2Kind == OpKind.Register || (i.Immediate8 & 31) == 0;
            default: return false;
        }
    }

    /// <summary>Flags needed before, given those needed after.</summary>
    public int Before(int after) => (after & ~Kills) | Reads;
}
