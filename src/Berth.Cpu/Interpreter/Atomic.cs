using System.Runtime.CompilerServices;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] XCHG, XADD, CMPXCHG, CMPXCHG8B, CMPXCHG16B, and atomic access to shared RAM.</summary>
internal static unsafe class Atomic
{
    /// <summary>Serialises LOCK operations that cross pages or go to devices; within a page they are host atomics.</summary>
    public static Lock Gate { get; } = new();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CompareExchange<T>(byte* p, ulong expected, ulong value) where T : unmanaged =>
        sizeof(T) == 1 ? Interlocked.CompareExchange(ref *p, (byte)value, (byte)expected) == (byte)expected
        : sizeof(T) == 2 ? Interlocked.CompareExchange(ref *(ushort*)p, (ushort)value, (ushort)expected) == (ushort)expected
        : sizeof(T) == 4 ? Interlocked.CompareExchange(ref *(uint*)p, (uint)value, (uint)expected) == (uint)expected
        : Interlocked.CompareExchange(ref *(ulong*)p, value, expected) == expected;

    public static Handler Select(in Instruction i, int width)
    {
        bool memory = i.Op0Kind == OpKind.Memory;
        // XCHG r, m is the same as XCHG m, r; Iced keeps memory first.
        return i.Mnemonic switch
        {
            Mnemonic.Xchg when memory => width switch { 1 => &ExchangeMemory<byte>, 2 => &ExchangeMemory<ushort>, 4 => &ExchangeMemory<uint>, _ => &ExchangeMemory<ulong> },
            Mnemonic.Xchg => width switch { 1 => &Exchange<byte>, 2 => &Exchange<ushort>, 4 => &Exchange<uint>, _ => &Exchange<ulong> },
            Mnemonic.Xadd when memory => width switch { 1 => &ExchangeAddMemory<byte>, 2 => &ExchangeAddMemory<ushort>, 4 => &ExchangeAddMemory<uint>, _ => &ExchangeAddMemory<ulong> },
            Mnemonic.Xadd => width switch { 1 => &ExchangeAdd<byte>, 2 => &ExchangeAdd<ushort>, 4 => &ExchangeAdd<uint>, _ => &ExchangeAdd<ulong> },
            Mnemonic.Cmpxchg when memory => width switch { 1 => &CompareMemory<byte>, 2 => &CompareMemory<ushort>, 4 => &CompareMemory<uint>, _ => &CompareMemory<ulong> },
            Mnemonic.Cmpxchg => width switch { 1 => &Compare<byte>, 2 => &Compare<ushort>, 4 => &Compare<uint>, _ => &Compare<ulong> },
            Mnemonic.Cmpxchg8b => &Compare8,
            Mnemonic.Cmpxchg16b => &Compare16,
            _ => null,
        };
    }

    private static bool Exchange<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ulong a = Bits.Register<T>(s, o->A), b = Bits.Register<T>(s, o->B);
        Bits.SetRegister<T>(s, o->A, b);
        Bits.SetRegister<T>(s, o->B, a);
        return true;
    }

    private static bool ExchangeMemory<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Access.Address(c, s, o, sizeof(T), write: true, out ulong address)) return false;
        ulong value = Bits.Register<T>(s, o->B), old;
        byte* p = Access.Pointer<T>(c, s, address);
        if (p != null)
        {
            do old = Bits.Load<T>(p);
            while (!CompareExchange<T>(p, old, value));
            Access.Written(c, s, p);
        }
        else
        {
            lock (Gate)
            {
                if (!c.Mmu.ReadForAtomic(address, sizeof(T), o->Segment, out old)) return false;
                if (!c.Mmu.WriteSlow(address, sizeof(T), o->Segment, value)) return false;
            }
        }
        Bits.SetRegister<T>(s, o->B, old);
        return true;
    }

    private static bool ExchangeAdd<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ulong a = Bits.Register<T>(s, o->A), sum = Add.Value<T>(s, a, Bits.Register<T>(s, o->B));
        Bits.SetRegister<T>(s, o->B, a);
        Bits.SetRegister<T>(s, o->A, sum);
        return true;
    }

    private static bool ExchangeAddMemory<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Access.Address(c, s, o, sizeof(T), write: true, out ulong address)) return false;
        ulong value = Bits.Register<T>(s, o->B), old;
        byte* p = Access.Pointer<T>(c, s, address);
        if (p != null)
        {
            if ((o->Flags & OpFlags.Lock) == 0)
            {
                old = Bits.Load<T>(p);
                Bits.Store<T>(p, old + value);
            }
            else
            {
                do old = Bits.Load<T>(p);
                while (!CompareExchange<T>(p, old, old + value));
            }
            Access.Written(c, s, p);
        }
        else
        {
            lock (Gate)
            {
                if (!c.Mmu.ReadForAtomic(address, sizeof(T), o->Segment, out old)) return false;
                if (!c.Mmu.WriteSlow(address, sizeof(T), o->Segment, Bits.Truncate<T>(old + value))) return false;
            }
        }
        Add.Value<T>(s, old, value);
        Bits.SetRegister<T>(s, o->B, old);
        return true;
    }

    private static bool Compare<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ulong accumulator = Bits.Register<T>(s, 0), a = Bits.Register<T>(s, o->A);
        Cmp.Value<T>(s, accumulator, a);
        if (accumulator == a) Bits.SetRegister<T>(s, o->A, Bits.Register<T>(s, o->B));
        else
        {
            Bits.SetRegister<T>(s, 0, a);
        }
        return true;
    }

    private static bool CompareMemory<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Access.Address(c, s, o, sizeof(T), write: true, out ulong address)) return false;
        ulong accumulator = Bits.Register<T>(s, 0), value = Bits.Register<T>(s, o->B), old;
        byte* p = Access.Pointer<T>(c, s, address);
        if (p != null)
        {
            while (true)
            {
                old = Bits.Load<T>(p);
                // The old value is written back when it differs, as the processor does; a plain read is the same to everyone else.
                if (old != accumulator || CompareExchange<T>(p, old, value)) break;
            }
            if (old == accumulator) Access.Written(c, s, p);
        }
        else
        {
            lock (Gate)
            {
                if (!c.Mmu.ReadForAtomic(address, sizeof(T), o->Segment, out old)) return false;
                if (!c.Mmu.WriteSlow(address, sizeof(T), o->Segment, old == accumulator ? value : old)) return false;
            }
        }
        Cmp.Value<T>(s, accumulator, old);
        if (old != accumulator) Bits.SetRegister<T>(s, 0, old);
        return true;
    }

    private static bool Compare8(Core c, CpuState* s, Op* o)
    {
        if (!Access.Address(c, s, o, 8, write: true, out ulong address)) return false;
        ulong* r = s->Registers;
        ulong expected = (uint)r[(int)GeneralRegister.Rax] | (r[(int)GeneralRegister.Rdx] << 32);
        ulong value = (uint)r[(int)GeneralRegister.Rbx] | (r[(int)GeneralRegister.Rcx] << 32), old;
        byte* p = Access.Pointer<ulong>(c, s, address);
        if (p != null)
        {
            old = Interlocked.CompareExchange(ref *(ulong*)p, value, expected);
            Access.Written(c, s, p);
        }
        else
        {
            lock (Gate)
            {
                if (!c.Mmu.ReadForAtomic(address, 8, o->Segment, out old)) return false;
                if (!c.Mmu.WriteSlow(address, 8, o->Segment, old == expected ? value : old)) return false;
            }
        }
        SetZero(s, old == expected);
        if (old == expected) return true;
        r[(int)GeneralRegister.Rax] = (uint)old;
        r[(int)GeneralRegister.Rdx] = old >> 32;
        return true;
    }

    private static bool Compare16(Core c, CpuState* s, Op* o)
    {
        if (!Access.Address(c, s, o, 16, write: true, out ulong address)) return false;
        if ((address & 15) != 0) return c.Raise(ExceptionVector.GeneralProtection);
        ulong* r = s->Registers;
        ulong low = r[(int)GeneralRegister.Rax], high = r[(int)GeneralRegister.Rdx];
        byte* p = Access.Pointer<ulong>(c, s, address);
        bool equal;
        if (p != null)
        {
            ulong* pair = stackalloc ulong[4] { low, high, r[(int)GeneralRegister.Rbx], r[(int)GeneralRegister.Rcx] };
            equal = c.Stubs.CompareExchange16(p, pair);
            (low, high) = (pair[0], pair[1]);
            Access.Written(c, s, p);
        }
        else
        {
            lock (Gate)
            {
                if (!c.Mmu.ReadForAtomic(address, 8, o->Segment, out ulong oldLow) || !c.Mmu.ReadForWrite(address + 8, 8, o->Segment, out ulong oldHigh)) return false;
                equal = oldLow == low && oldHigh == high;
                (low, high) = (oldLow, oldHigh);
                if (equal && (!c.Mmu.WriteSlow(address, 8, o->Segment, r[(int)GeneralRegister.Rbx])
                    || !c.Mmu.WriteSlow(address + 8, 8, o->Segment, r[(int)GeneralRegister.Rcx]))) return false;
            }
        }
        SetZero(s, equal);
        if (!equal) (r[(int)GeneralRegister.Rax], r[(int)GeneralRegister.Rdx]) = (low, high);
        return true;
    }

    private static void SetZero(CpuState* s, bool zero)
    {
        ulong flags = Flags.Status(s) & ~RFlags.Zero;
        Flags.SetStatus(s, zero ? flags | RFlags.Zero : flags);
    }
}
