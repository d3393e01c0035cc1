using Berth.Cpu.Interpreter;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.LockStep;

/// <summary>Finds out, without the translator's knowledge, whether status flags are overwritten on every way before anything can read them:
/// only then may they be stale. Ways are followed within the page.</summary>
internal sealed unsafe class DeadFlags(Core core)
{
    private const int Depth = 256;

    private readonly PointerReader _reader = new();

    // SAFETY: reads end with the page that the TLB vouches for.
    private byte* _page;
    private ulong _linear;
    private int _left;

    /// <summary>Whether the flags, at their RFLAGS places, are dead at RIP.</summary>
    public bool AreDead(ulong flags)
    {
        byte* code = core.Mmu.PeekCode(core.S->Rip);
        if (code == null) return false;
        _page = (byte*)((nint)code & ~0xFFF);
        (_linear, _left) = (core.S->Rip & ~0xFFFUL, Depth);
        return Dead(core.S->Rip, flags);
    }

    private bool Dead(ulong rip, ulong flags)
    {
        Decoder decoder = Decoder.Create(core.S->CodeSize switch { 2 => 64, 1 => 32, _ => 16 }, _reader);
        while (_left-- > 0)
        {
            if ((rip & ~0xFFFUL) != _linear) return false;
            int offset = (int)(rip & 0xFFF);
            _reader.Reset(_page + offset, 0x1000 - offset);
            decoder.IP = rip;
            decoder.Decode(out Instruction i);
            if (_reader.RanOut || i.IsInvalid || (At(i.RflagsRead) & flags) != 0) return false;
            // A count may be zero.
            bool always = i.Mnemonic is not (Mnemonic.Shl or Mnemonic.Sal or Mnemonic.Shr or Mnemonic.Sar or Mnemonic.Rol or Mnemonic.Ror or Mnemonic.Rcl
                or Mnemonic.Rcr or Mnemonic.Shld or Mnemonic.Shrd);
            if (always) flags &= ~At(i.RflagsModified);
            if (flags == 0) return true;
            switch (i.FlowControl)
            {
                case FlowControl.Next: rip = i.NextIP; break;
                case FlowControl.UnconditionalBranch: rip = i.NearBranchTarget; break;
                case FlowControl.ConditionalBranch:
                    if (!Dead(i.NextIP, flags)) return false;
                    rip = i.NearBranchTarget;
                    break;
                default: return false;
            }
        }
        return false;
    }

    /// <summary>Iced's bits at their RFLAGS places.</summary>
    public static ulong At(RflagsBits bits) =>
        ((bits & RflagsBits.CF) != 0 ? RFlags.Carry : 0) | ((bits & RflagsBits.PF) != 0 ? RFlags.Parity : 0) | ((bits & RflagsBits.AF) != 0 ? RFlags.Adjust : 0)
        | ((bits & RflagsBits.ZF) != 0 ? RFlags.Zero : 0) | ((bits & RflagsBits.SF) != 0 ? RFlags.Sign : 0) | ((bits & RflagsBits.OF) != 0 ? RFlags.Overflow : 0);
}
