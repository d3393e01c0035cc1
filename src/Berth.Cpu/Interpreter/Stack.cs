using System.Runtime.CompilerServices;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE.</summary>
internal static unsafe class Stack
{
    private const int Rsp = (int)GeneralRegister.Rsp, Rbp = (int)GeneralRegister.Rbp;
    private const int Ss = (int)SegmentName.Ss;

    public static Handler Select(in Instruction i, int width) => i.Mnemonic switch
    {
        Mnemonic.Push when i.Op0Kind == OpKind.Register && i.Op0Register.IsSegmentRegister() =>
            width switch { 2 => &PushSegment<ushort>, 4 => &PushSegment<uint>, _ => &PushSegment<ulong> },
        Mnemonic.Push => i.Op0Kind switch
        {
            OpKind.Register => width switch { 2 => &PushRegister<ushort>, 4 => &PushRegister<uint>, _ => &PushRegister<ulong> },
            OpKind.Memory => width switch { 2 => &PushMemory<ushort>, 4 => &PushMemory<uint>, _ => &PushMemory<ulong> },
            _ => width switch { 2 => &PushImmediate<ushort>, 4 => &PushImmediate<uint>, _ => &PushImmediate<ulong> },
        },
        Mnemonic.Pop when i.Op0Kind == OpKind.Register && i.Op0Register.IsSegmentRegister() =>
            width switch { 2 => &PopSegment<ushort>, 4 => &PopSegment<uint>, _ => &PopSegment<ulong> },
        Mnemonic.Pop when i.Op0Kind == OpKind.Register => width switch { 2 => &PopRegister<ushort>, 4 => &PopRegister<uint>, _ => &PopRegister<ulong> },
        Mnemonic.Pop => width switch { 2 => &PopMemory<ushort>, 4 => &PopMemory<uint>, _ => &PopMemory<ulong> },
        Mnemonic.Pusha => &PushAll<ushort>,
        Mnemonic.Pushad => &PushAll<uint>,
        Mnemonic.Popa => &PopAll<ushort>,
        Mnemonic.Popad => &PopAll<uint>,
        Mnemonic.Pushf => &PushFlags<ushort>,
        Mnemonic.Pushfd => &PushFlags<uint>,
        Mnemonic.Pushfq => &PushFlags<ulong>,
        Mnemonic.Popf => &PopFlags<ushort>,
        Mnemonic.Popfd => &PopFlags<uint>,
        Mnemonic.Popfq => &PopFlags<ulong>,
        Mnemonic.Enter => width switch { 2 => &Enter<ushort>, 4 => &Enter<uint>, _ => &Enter<ulong> },
        Mnemonic.Leave => width switch { 2 => &Leave<ushort>, 4 => &Leave<uint>, _ => &Leave<ulong> },
        _ => null,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Push<T>(Core c, CpuState* s, ulong value) where T : unmanaged
    {
        if (s->CodeSize != 2) return PushSlow<T>(c, s, value);
        ulong sp = s->Registers[Rsp] - (ulong)sizeof(T);
        if (!Access.Write<T>(c, s, sp, Ss, value)) return false;
        s->Registers[Rsp] = sp;
        return true;
    }

    private static bool PushSlow<T>(Core c, CpuState* s, ulong value) where T : unmanaged
    {
        ulong sp = (s->Registers[Rsp] - (ulong)sizeof(T)) & s->StackMask;
        if (!c.Segmentation.Linear(Ss, sp, sizeof(T), write: true, out ulong address) || !Access.Write<T>(c, s, address, Ss, value)) return false;
        SetPointer(s, sp);
        return true;
    }

    /// <summary>Reads the top of the stack, <paramref name="depth"/> bytes up, and leaves the pointer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Peek<T>(Core c, CpuState* s, out ulong value, int depth = 0) where T : unmanaged
    {
        if (s->CodeSize == 2) return Access.Read<T>(c, s, s->Registers[Rsp] + (ulong)depth, Ss, out value);
        value = 0;
        return c.Segmentation.Linear(Ss, (s->Registers[Rsp] + (ulong)depth) & s->StackMask, sizeof(T), write: false, out ulong address)
            && Access.Read<T>(c, s, address, Ss, out value);
    }

    /// <summary>Moves the pointer up by some bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Drop(CpuState* s, int bytes)
    {
        if (s->CodeSize == 2) s->Registers[Rsp] += (ulong)bytes;
        else SetPointer(s, (s->Registers[Rsp] + (ulong)bytes) & s->StackMask);
    }

    /// <summary>Sets as much of RSP as the stack is wide.</summary>
    public static void SetPointer(CpuState* s, ulong value) =>
        s->Registers[Rsp] = s->StackMask == 0xFFFF ? (s->Registers[Rsp] & ~0xFFFFUL) | (ushort)value : value & s->StackMask;

    private static bool PushRegister<T>(Core c, CpuState* s, Op* o) where T : unmanaged => Push<T>(c, s, Bits.Register<T>(s, o->A));

    private static bool PushImmediate<T>(Core c, CpuState* s, Op* o) where T : unmanaged => Push<T>(c, s, Bits.Truncate<T>((ulong)o->Immediate));

    private static bool PushMemory<T>(Core c, CpuState* s, Op* o) where T : unmanaged =>
        MulDiv.Source<T>(c, s, o, 0, out ulong value) && Push<T>(c, s, value);

    private static bool PushSegment<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ulong selector = (&s->Es + o->A)->Selector;
        if (sizeof(T) == 2) return Push<ushort>(c, s, selector);
        // Wider pushes move the pointer by their width but processors store only the selector for 32 bits, and zero-extend for 64.
        if (sizeof(T) == 8) return Push<ulong>(c, s, selector);
        ulong sp = (s->Registers[Rsp] - 4) & s->StackMask;
        if (!c.Segmentation.Linear(Ss, sp, 2, write: true, out ulong address) || !Access.Write<ushort>(c, s, address, Ss, selector)) return false;
        SetPointer(s, sp);
        return true;
    }

    private static bool PopRegister<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Peek<T>(c, s, out ulong value)) return false;
        Drop(s, sizeof(T));
        Bits.SetRegister<T>(s, o->A, value);
        return true;
    }

    private static bool PopMemory<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Peek<T>(c, s, out ulong value)) return false;
        // [SDM2B] POP: an address that uses RSP is computed after the increment.
        ulong before = s->Registers[Rsp];
        Drop(s, sizeof(T));
        if (Access.Address(c, s, o, sizeof(T), write: true, out ulong address) && Access.Write<T>(c, s, address, o->Segment, value)) return true;
        s->Registers[Rsp] = before;
        return false;
    }

    private static bool PopSegment<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Peek<ushort>(c, s, out ulong value) || !c.Segmentation.Load(o->A, (ushort)value)) return false;
        Drop(s, sizeof(T));
        if (o->A == Ss) c.HoldInterrupts(debugToo: true);
        return Core.Leave(s, o);
    }

    private static bool PushAll<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ulong before = s->Registers[Rsp];
        for (int r = 0; r < 8; r++)
        {
            if (Push<T>(c, s, Bits.Truncate<T>(r == Rsp ? before : s->Registers[r]))) continue;
            s->Registers[Rsp] = before;
            return false;
        }
        return true;
    }

    private static bool PopAll<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ulong* values = stackalloc ulong[8];
        for (int r = 7; r >= 0; r--)
        {
            if (!Peek<T>(c, s, out values[r], (7 - r) * sizeof(T))) return false;
        }
        for (int r = 0; r < 8; r++)
        {
            if (r != Rsp) Bits.SetRegister<T>(s, r * 8, values[r]);
        }
        Drop(s, 8 * sizeof(T));
        return true;
    }

    private static bool PushFlags<T>(Core c, CpuState* s, Op* o) where T : unmanaged =>
        Push<T>(c, s, Bits.Truncate<T>(Flags.All(s) & ~(RFlags.Virtual8086 | RFlags.Resume)));

    private static bool PopFlags<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Peek<T>(c, s, out ulong value)) return false;
        Drop(s, sizeof(T));
        ulong changeable = RFlags.Status | RFlags.Trap | RFlags.Direction | RFlags.NestedTask | RFlags.AlignmentCheck | RFlags.Identification;
        ulong iopl = (s->SystemFlags >> 12) & 3;
        if (s->Cpl == 0) changeable |= RFlags.IoPrivilege;
        if ((ulong)s->Cpl <= iopl) changeable |= RFlags.Interrupt;
        if (sizeof(T) == 2) changeable &= 0xFFFF;
        ulong old = s->SystemFlags;
        Flags.SetStatus(s, value);
        s->SystemFlags = ((old & ~changeable) | (value & changeable & ~RFlags.Status) | RFlags.Fixed) & ~RFlags.Resume;
        if (((s->SystemFlags ^ old) & ~RFlags.Direction) == 0) return true;
        c.SystemFlagsChanged();
        return Core.Leave(s, o);
    }

    private static bool Enter<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        int size = (ushort)o->Immediate, level = o->Extra & 31;
        ulong before = s->Registers[Rsp], frame, bp = s->Registers[Rbp];
        if (!Push<T>(c, s, Bits.Truncate<T>(bp))) return false;
        frame = s->Registers[Rsp];
        for (int k = 1; k < level; k++)
        {
            ulong at = (bp - (ulong)(k * sizeof(T))) & s->StackMask;
            if (c.Segmentation.Linear(Ss, at, sizeof(T), write: false, out ulong address) && Access.Read<T>(c, s, address, Ss, out ulong value)
                && Push<T>(c, s, value)) continue;
            s->Registers[Rsp] = before;
            return false;
        }
        if (level > 0 && !Push<T>(c, s, Bits.Truncate<T>(frame)))
        {
            s->Registers[Rsp] = before;
            return false;
        }
        // The new top must be writable, so that the fault comes here and not later.
        ulong sp = (s->Registers[Rsp] - (ulong)size) & s->StackMask;
        if (!c.Segmentation.Linear(Ss, sp, sizeof(T), write: true, out ulong top) || !c.Mmu.Probe(top, sizeof(T), Ss, AccessKind.Write))
        {
            s->Registers[Rsp] = before;
            return false;
        }
        Bits.SetRegister<T>(s, Rbp * 8, frame);
        SetPointer(s, sp);
        return true;
    }

    private static bool Leave<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        ulong before = s->Registers[Rsp];
        SetPointer(s, s->Registers[Rbp]);
        if (!Peek<T>(c, s, out ulong value))
        {
            s->Registers[Rsp] = before;
            return false;
        }
        Drop(s, sizeof(T));
        Bits.SetRegister<T>(s, Rbp * 8, value);
        return true;
    }
}
