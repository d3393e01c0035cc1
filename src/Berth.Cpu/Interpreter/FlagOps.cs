using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] CLC, STC, CMC, CLD, STD, CLI, STI, LAHF, SAHF, SALC, CLAC, STAC.</summary>
internal static unsafe class FlagOps
{
    public static Handler Select(in Instruction i) => i.Mnemonic switch
    {
        Mnemonic.Clc => &Clc,
        Mnemonic.Stc => &Stc,
        Mnemonic.Cmc => &Cmc,
        Mnemonic.Cld => &Cld,
        Mnemonic.Std => &Std,
        Mnemonic.Cli => &Cli,
        Mnemonic.Sti => &Sti,
        Mnemonic.Lahf => &Lahf,
        Mnemonic.Sahf => &Sahf,
        Mnemonic.Salc => &Salc,
        Mnemonic.Clac => &Clac,
        Mnemonic.Stac => &Stac,
        _ => null,
    };

    private static bool Carry(CpuState* s, bool value)
    {
        Flags.SetCarry(s, value);
        return true;
    }

    private static bool Clc(Core c, CpuState* s, Op* o) => Carry(s, false);

    private static bool Stc(Core c, CpuState* s, Op* o) => Carry(s, true);

    private static bool Cmc(Core c, CpuState* s, Op* o) => Carry(s, !Flags.Carry(s));

    private static bool Cld(Core c, CpuState* s, Op* o)
    {
        s->SystemFlags &= ~RFlags.Direction;
        return true;
    }

    private static bool Std(Core c, CpuState* s, Op* o)
    {
        s->SystemFlags |= RFlags.Direction;
        return true;
    }

    private static bool MayChangeInterrupts(Core c, CpuState* s) =>
        !c.Segmentation.IsProtected || (ulong)s->Cpl <= (s->SystemFlags >> 12 & 3) || c.Raise(ExceptionVector.GeneralProtection);

    private static bool Cli(Core c, CpuState* s, Op* o)
    {
        if (!MayChangeInterrupts(c, s)) return false;
        s->SystemFlags &= ~RFlags.Interrupt;
        return true;
    }

    private static bool Sti(Core c, CpuState* s, Op* o)
    {
        if (!MayChangeInterrupts(c, s)) return false;
        if ((s->SystemFlags & RFlags.Interrupt) != 0) return true;
        s->SystemFlags |= RFlags.Interrupt;
        c.HoldInterrupts();
        return Core.Leave(s, o);
    }

    private static bool Lahf(Core c, CpuState* s, Op* o)
    {
        *((byte*)s + 1) = (byte)((Flags.Status(s) & 0xD5) | 2);
        return true;
    }

    private static bool Sahf(Core c, CpuState* s, Op* o)
    {
        Flags.SetStatus(s, (Flags.Status(s) & RFlags.Overflow) | (*((byte*)s + 1) & 0xD5UL));
        return true;
    }

    private static bool Salc(Core c, CpuState* s, Op* o)
    {
        *(byte*)s = Flags.Carry(s) ? (byte)0xFF : (byte)0;
        return true;
    }

    private static bool Clac(Core c, CpuState* s, Op* o) => Ac(c, s, false);

    private static bool Stac(Core c, CpuState* s, Op* o) => Ac(c, s, true);

    private static bool Ac(Core c, CpuState* s, bool value)
    {
        if (s->Cpl != 0) return c.Raise(ExceptionVector.InvalidOpcode);
        s->SystemFlags = value ? s->SystemFlags | RFlags.AlignmentCheck : s->SystemFlags & ~RFlags.AlignmentCheck;
        c.Mmu.SelectMode();
        return true;
    }
}
