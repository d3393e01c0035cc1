using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] Jcc, SETcc, CMOVcc, JrCXZ, LOOP.</summary>
internal static unsafe class Conditional
{
    /// <summary>Handler by condition and kind; the condition's number is its encoding.</summary>
    public static Handler Select(in Instruction i, int width)
    {
        ConditionCode code = i.ConditionCode;
        return code switch
        {
            ConditionCode.o => Kind<IfOverflow>(i, width),
            ConditionCode.no => Kind<Unless<IfOverflow>>(i, width),
            ConditionCode.b => Kind<IfBelow>(i, width),
            ConditionCode.ae => Kind<Unless<IfBelow>>(i, width),
            ConditionCode.e => Kind<IfEqual>(i, width),
            ConditionCode.ne => Kind<Unless<IfEqual>>(i, width),
            ConditionCode.be => Kind<IfBelowOrEqual>(i, width),
            ConditionCode.a => Kind<Unless<IfBelowOrEqual>>(i, width),
            ConditionCode.s => Kind<IfSign>(i, width),
            ConditionCode.ns => Kind<Unless<IfSign>>(i, width),
            ConditionCode.p => Kind<IfParity>(i, width),
            ConditionCode.np => Kind<Unless<IfParity>>(i, width),
            ConditionCode.l => Kind<IfLess>(i, width),
            ConditionCode.ge => Kind<Unless<IfLess>>(i, width),
            ConditionCode.le => Kind<IfLessOrEqual>(i, width),
            ConditionCode.g => Kind<Unless<IfLessOrEqual>>(i, width),
            _ => null,
        };
    }

    private static Handler Kind<TCondition>(in Instruction i, int width) where TCondition : struct, ICondition
    {
        if (i.FlowControl == FlowControl.ConditionalBranch) return i.Op0Kind == OpKind.NearBranch64 ? &Jump64<TCondition> : &Jump<TCondition>;
        if (i.OpCount == 1) return i.Op0Kind == OpKind.Memory ? &SetMemory<TCondition> : &Set<TCondition>;
        return width switch { 2 => &Move<TCondition, ushort>, 4 => &Move<TCondition, uint>, _ => &Move<TCondition, ulong> };
    }

    private static bool Jump64<TCondition>(Core c, CpuState* s, Op* o) where TCondition : struct, ICondition
    {
        s->Rip = s->Registers[CpuState.BlockRip] + (TCondition.Test(s) ? (ulong)o->Immediate : o->Next);
        return true;
    }

    private static bool Jump<TCondition>(Core c, CpuState* s, Op* o) where TCondition : struct, ICondition
    {
        s->Rip = TCondition.Test(s) ? Branch.Target(s, o) : Core.NextRip(s, o);
        return true;
    }

    private static bool Set<TCondition>(Core c, CpuState* s, Op* o) where TCondition : struct, ICondition
    {
        *((byte*)s + o->A) = TCondition.Test(s) ? (byte)1 : (byte)0;
        return true;
    }

    private static bool SetMemory<TCondition>(Core c, CpuState* s, Op* o) where TCondition : struct, ICondition =>
        Access.Address(c, s, o, 1, write: true, out ulong address) && Access.Write<byte>(c, s, address, o->Segment, TCondition.Test(s) ? 1u : 0);

    private static bool Move<TCondition, T>(Core c, CpuState* s, Op* o)
        where TCondition : struct, ICondition
        where T : unmanaged
    {
        // The source is read, and may fault, whatever the condition; a 32-bit destination is zero-extended either way.
        if (!MulDiv.Source<T>(c, s, o, o->B, out ulong value)) return false;
        Bits.SetRegister<T>(s, o->A, TCondition.Test(s) ? value : Bits.Register<T>(s, o->A));
        return true;
    }

    /// <summary>JCXZ family and LOOP family; <see cref="Op.Extra"/> holds branch width, <see cref="Op.AddressSize"/> the counter's.</summary>
    public static Handler SelectCounter(in Instruction i) => i.Mnemonic switch
    {
        Mnemonic.Jcxz or Mnemonic.Jecxz or Mnemonic.Jrcxz => &JumpIfZeroCount,
        Mnemonic.Loop => &Loop,
        Mnemonic.Loope => &LoopEqual,
        Mnemonic.Loopne => &LoopNotEqual,
        _ => null,
    };

    private static ulong CounterMask(Op* o) => o->AddressSize switch { 2 => 0xFFFF, 4 => 0xFFFF_FFFF, _ => ulong.MaxValue };

    private static bool JumpIfZeroCount(Core c, CpuState* s, Op* o)
    {
        s->Rip = (s->Registers[(int)GeneralRegister.Rcx] & CounterMask(o)) == 0 ? Branch.Target(s, o) : Core.NextRip(s, o);
        return true;
    }

    private static bool Loop(Core c, CpuState* s, Op* o) => LoopIf(s, o, true);

    private static bool LoopEqual(Core c, CpuState* s, Op* o) => LoopIf(s, o, Flags.Zero(s));

    private static bool LoopNotEqual(Core c, CpuState* s, Op* o) => LoopIf(s, o, !Flags.Zero(s));

    private static bool LoopIf(CpuState* s, Op* o, bool condition)
    {
        ulong* rcx = &s->Registers[(int)GeneralRegister.Rcx];
        ulong mask = CounterMask(o), count = (*rcx - 1) & mask;
        *rcx = o->AddressSize == 2 ? (*rcx & ~mask) | count : count;
        s->Rip = condition && count != 0 ? Branch.Target(s, o) : Core.NextRip(s, o);
        return true;
    }
}
