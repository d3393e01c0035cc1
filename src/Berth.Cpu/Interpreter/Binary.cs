using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>The operand forms of two-operand instructions, written once for all operations and widths.</summary>
internal static unsafe class Binary<TOp, T>
    where TOp : struct, IBinaryOp
    where T : unmanaged
{
    /// <summary>The handler for an instruction's operand kinds; an absent second operand counts as an immediate.</summary>
    public static Handler Select(in Instruction i)
    {
        bool immediate = i.OpCount < 2 || i.GetOpKind(1) is not (OpKind.Register or OpKind.Memory);
        if (i.GetOpKind(0) == OpKind.Memory) return immediate ? &MemoryImmediate : &MemoryRegister;
        return immediate ? &RegisterImmediate : i.GetOpKind(1) == OpKind.Memory ? &RegisterMemory : &RegisterRegister;
    }

    private static bool RegisterRegister(Core c, CpuState* s, Op* o)
    {
        ulong result = TOp.Apply<T>(s, Bits.Register<T>(s, o->A), Bits.Register<T>(s, o->B));
        if (TOp.Writes) Bits.SetRegister<T>(s, o->A, result);
        return true;
    }

    private static bool RegisterImmediate(Core c, CpuState* s, Op* o)
    {
        ulong result = TOp.Apply<T>(s, Bits.Register<T>(s, o->A), Bits.Truncate<T>((ulong)o->Immediate));
        if (TOp.Writes) Bits.SetRegister<T>(s, o->A, result);
        return true;
    }

    private static bool RegisterMemory(Core c, CpuState* s, Op* o)
    {
        if (!Access.Address(c, s, o, sizeof(T), write: false, out ulong address)) return false;
        if (!Access.Read<T>(c, s, address, o->Segment, out ulong b)) return false;
        ulong result = TOp.Apply<T>(s, Bits.Register<T>(s, o->A), b);
        if (TOp.Writes) Bits.SetRegister<T>(s, o->A, result);
        return true;
    }

    private static bool MemoryRegister(Core c, CpuState* s, Op* o) => Modify(c, s, o, Bits.Register<T>(s, o->B));

    private static bool MemoryImmediate(Core c, CpuState* s, Op* o) => Modify(c, s, o, Bits.Truncate<T>((ulong)o->Immediate));

    private static bool Modify(Core c, CpuState* s, Op* o, ulong b)
    {
        if (!Access.Address(c, s, o, sizeof(T), TOp.Writes, out ulong address)) return false;
        return Modify(c, s, o, address, b);
    }

    /// <summary>Applies the operation to memory at a linear address.</summary>
    public static bool Modify(Core c, CpuState* s, Op* o, ulong address, ulong b)
    {
        if (!TOp.Writes)
        {
            if (!Access.Read<T>(c, s, address, o->Segment, out ulong only)) return false;
            TOp.Apply<T>(s, only, b);
            return true;
        }
        // SAFETY: a non-null pointer is a writable operand within one RAM page.
        byte* p = Access.Pointer<T>(c, s, address);
        if (p == null) return ModifySlow(c, s, o, address, b);
        if ((o->Flags & OpFlags.Lock) == 0) Bits.Store<T>(p, TOp.Apply<T>(s, Bits.Load<T>(p), b));
        else
        {
            long result = s->FlagResult;
            ulong carry = s->FlagCarry, a;
            do
            {
                (s->FlagResult, s->FlagCarry) = (result, carry);
                a = Bits.Load<T>(p);
            }
            while (!Atomic.CompareExchange<T>(p, a, TOp.Apply<T>(s, a, b)));
        }
        Access.Written(c, s, p);
        return true;
    }

    private static bool ModifySlow(Core c, CpuState* s, Op* o, ulong address, ulong b)
    {
        bool locked = (o->Flags & OpFlags.Lock) != 0;
        if (locked) Atomic.Gate.Enter();
        try
        {
            if (!(locked ? c.Mmu.ReadForAtomic(address, sizeof(T), o->Segment, out ulong a) : c.Mmu.ReadForWrite(address, sizeof(T), o->Segment, out a))) return false;
            return c.Mmu.WriteSlow(address, sizeof(T), o->Segment, TOp.Apply<T>(s, a, b));
        }
        finally
        {
            if (locked) Atomic.Gate.Exit();
        }
    }
}
