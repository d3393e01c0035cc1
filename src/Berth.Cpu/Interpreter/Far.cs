using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] far JMP, CALL, RET, IRET, INT. Call gates to the same level and task switches through gates are not offered: #GP.</summary>
internal static unsafe class Far
{
    public static Handler Select(in Instruction i, int width) => i.Mnemonic switch
    {
        Mnemonic.Jmp => &Jump,
        Mnemonic.Call => width switch { 2 => &Call<ushort>, 4 => &Call<uint>, _ => &Call<ulong> },
        Mnemonic.Retf => width switch { 2 => &Return<ushort>, 4 => &Return<uint>, _ => &Return<ulong> },
        Mnemonic.Iret => &InterruptReturn<ushort>,
        Mnemonic.Iretd => &InterruptReturn<uint>,
        Mnemonic.Iretq => &InterruptReturn<ulong>,
        Mnemonic.Int or Mnemonic.Int3 => &Interrupt,
        Mnemonic.Int1 => &Interrupt1,
        Mnemonic.Into => &InterruptOverflow,
        _ => null,
    };

    /// <summary>Reads offset and selector of a far pointer; <see cref="Op.Extra"/> is the operand size.</summary>
    private static bool Pointer(Core c, CpuState* s, Op* o, out ulong offset, out ushort selector)
    {
        (offset, selector) = ((ulong)o->Immediate, o->B);
        if ((o->Flags & OpFlags.Memory) == 0) return true;
        int size = o->Extra;
        if (!Access.Address(c, s, o, size + 2, write: false, out ulong address)) return false;
        if (!c.Mmu.ReadSlow(address, size, o->Segment, out offset) || !c.Mmu.ReadSlow(address + (ulong)size, 2, o->Segment, out ulong high)) return false;
        selector = (ushort)high;
        return true;
    }

    private static bool Jump(Core c, CpuState* s, Op* o) =>
        Pointer(c, s, o, out ulong offset, out ushort selector) && Transfer(c, s, selector, offset, s->Cpl, isReturn: false) && Done(s);

    private static bool Done(CpuState* s)
    {
        s->Stop = StopReason.Continue;
        return false;
    }

    /// <summary>Checks and loads a code segment for a transfer that stays on <paramref name="cpl"/>, or that returns to it.</summary>
    private static bool Transfer(Core c, CpuState* s, ushort selector, ulong offset, int cpl, bool isReturn)
    {
        Segmentation g = c.Segmentation;
        if (!g.IsProtected)
        {
            if (offset > s->Cs.Limit) return c.Raise(ExceptionVector.GeneralProtection);
            g.LoadReal((int)SegmentName.Cs, selector);
            s->Rip = offset;
            return true;
        }
        uint error = selector & 0xFFFCu;
        if (!g.ReadDescriptor(selector, 0, ExceptionVector.GeneralProtection, out SegmentDescriptor d)) return false;
        SegmentAttributes a = d.Attributes;
        const SegmentAttributes code = SegmentAttributes.NonSystem | SegmentAttributes.Code;
        if ((a & code) != code) return c.Raise(ExceptionVector.GeneralProtection, error);
        bool conforming = a.HasFlag(SegmentAttributes.ExpandDownOrConforming);
        bool bad = isReturn
            ? conforming ? d.Dpl > cpl : d.Dpl != cpl
            : conforming ? d.Dpl > cpl : (selector & 3) > cpl || d.Dpl != cpl;
        bool isLong = g.IsLong && a.HasFlag(SegmentAttributes.Long);
        if (bad || (isLong && a.HasFlag(SegmentAttributes.Big))) return c.Raise(ExceptionVector.GeneralProtection, error);
        if (!d.IsPresent) return c.Raise(ExceptionVector.SegmentNotPresent, error);
        if (isLong ? (ulong)((long)offset << 16 >> 16) != offset : (uint)offset > d.Limit) return c.Raise(ExceptionVector.GeneralProtection);
        if (!g.MarkDescriptor(selector, d, 1)) return false;
        g.EnterCode(selector, d, cpl);
        s->Rip = isLong ? offset : (uint)offset;
        return true;
    }

    private static bool Call<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Pointer(c, s, o, out ulong offset, out ushort selector)) return false;
        ulong back = Core.NextRip(s, o), sp = s->Registers[(int)GeneralRegister.Rsp];
        ushort cs = s->Cs.Selector;
        if (!Stack.Push<T>(c, s, cs) || !Stack.Push<T>(c, s, Bits.Truncate<T>(back)) || !Transfer(c, s, selector, offset, s->Cpl, isReturn: false))
        {
            s->Registers[(int)GeneralRegister.Rsp] = sp;
            return false;
        }
        return Done(s);
    }

    private static bool Return<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Stack.Peek<T>(c, s, out ulong offset) || !Stack.Peek<T>(c, s, out ulong cs, sizeof(T))) return false;
        int release = (ushort)o->Immediate;
        return ReturnTo<T>(c, s, offset, (ushort)cs, 2 * sizeof(T), release, forceStack: false) && Done(s);
    }

    /// <summary>Common end of RETF and IRET: same level, or an outer one with a new stack.</summary>
    private static bool ReturnTo<T>(Core c, CpuState* s, ulong offset, ushort cs, int popped, int release, bool forceStack) where T : unmanaged
    {
        int rpl = cs & 3;
        Segmentation g = c.Segmentation;
        if (!g.IsProtected)
        {
            if (!Transfer(c, s, cs, offset, 0, isReturn: true)) return false;
            Stack.Drop(s, popped + release);
            return true;
        }
        if (rpl < s->Cpl) return c.Raise(ExceptionVector.GeneralProtection, cs & 0xFFFCu);
        if (rpl == s->Cpl && !forceStack)
        {
            if (!Transfer(c, s, cs, offset, rpl, isReturn: true)) return false;
            Stack.Drop(s, popped + release);
            return true;
        }
        if (!Stack.Peek<T>(c, s, out ulong sp, popped + release) || !Stack.Peek<T>(c, s, out ulong ss, popped + release + sizeof(T))) return false;
        int oldCpl = s->Cpl;
        Segment oldCs = s->Cs;
        ulong oldRip = s->Rip;
        if (!Transfer(c, s, cs, offset, rpl, isReturn: true)) return false;
        if (!g.Load((int)SegmentName.Ss, (ushort)ss))
        {
            s->Cpl = oldCpl;
            s->Rip = oldRip;
            g.Set((int)SegmentName.Cs, oldCs);
            return false;
        }
        if (s->CodeSize == 2) s->Registers[(int)GeneralRegister.Rsp] = sp + (ulong)release;
        else if (sizeof(T) == 8) s->Registers[(int)GeneralRegister.Rsp] = (uint)sp + (ulong)release;
        else Stack.SetPointer(s, sp + (ulong)release);
        if (rpl > oldCpl) g.DropInnerSegments();
        return true;
    }

    private static bool InterruptReturn<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        Segmentation g = c.Segmentation;
        if (g.IsProtected && (s->SystemFlags & RFlags.NestedTask) != 0) return c.Raise(ExceptionVector.GeneralProtection);
        if (!Stack.Peek<T>(c, s, out ulong offset) || !Stack.Peek<T>(c, s, out ulong cs, sizeof(T)) || !Stack.Peek<T>(c, s, out ulong flags, 2 * sizeof(T))) return false;
        int oldCpl = s->Cpl;
        // In 64-bit mode IRET takes the stack from the frame even without a change of level.
        if (!ReturnTo<T>(c, s, offset, (ushort)cs, 3 * sizeof(T), 0, forceStack: s->CodeSize == 2)) return false;
        ulong changeable = RFlags.Status | RFlags.Trap | RFlags.Direction | RFlags.NestedTask;
        if (sizeof(T) > 2) changeable |= RFlags.Resume | RFlags.AlignmentCheck | RFlags.Identification;
        if ((ulong)oldCpl <= (s->SystemFlags >> 12 & 3)) changeable |= RFlags.Interrupt;
        if (oldCpl == 0) changeable |= RFlags.IoPrivilege | (sizeof(T) > 2 ? RFlags.VirtualInterrupt | RFlags.VirtualInterruptPending : 0);
        Flags.SetStatus(s, flags);
        s->SystemFlags = (s->SystemFlags & ~changeable) | (flags & changeable & ~RFlags.Status) | RFlags.Fixed;
        c.UnmaskNmi();
        c.SystemFlagsChanged();
        if (s->Cpl == 3) c.Direct?.EnteredUser();
        return Done(s);
    }

    private static bool Interrupt(Core c, CpuState* s, Op* o) => Software(c, s, o, (byte)o->Immediate, Delivery.Software);

    private static bool Interrupt1(Core c, CpuState* s, Op* o) => Software(c, s, o, ExceptionVector.Debug, Delivery.Trap);

    private static bool InterruptOverflow(Core c, CpuState* s, Op* o) =>
        !Flags.Overflow(s) || Software(c, s, o, ExceptionVector.Overflow, Delivery.Software);

    private static bool Software(Core c, CpuState* s, Op* o, byte vector, Delivery kind)
    {
        ulong here = s->Rip;
        s->Rip = Core.NextRip(s, o);
        s->Stop = StopReason.Continue;
        if (c.TryDeliver(vector, kind, 0)) return false;
        // The gate was refused: the fault belongs to the INT itself.
        s->Rip = here;
        s->Stop = StopReason.None;
        return false;
    }
}
