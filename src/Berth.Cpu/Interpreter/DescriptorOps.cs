using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] MOV and LxS to segment registers, LGDT, LIDT, LLDT, LTR, LMSW, their stores, LAR, LSL, VERR, VERW.</summary>
internal static unsafe class DescriptorOps
{
    public static Handler Select(in Instruction i, int width) => i.Mnemonic switch
    {
        Mnemonic.Mov when i.Op0Kind == OpKind.Register && i.Op0Register.IsSegmentRegister() => &LoadSegment,
        Mnemonic.Mov when i.Op1Kind == OpKind.Register && i.Op1Register.IsSegmentRegister() => &StoreSegment,
        Mnemonic.Lds or Mnemonic.Les or Mnemonic.Lfs or Mnemonic.Lgs or Mnemonic.Lss => &LoadFar,
        Mnemonic.Lgdt => &LoadGdt,
        Mnemonic.Lidt => &LoadIdt,
        Mnemonic.Sgdt => &StoreGdt,
        Mnemonic.Sidt => &StoreIdt,
        Mnemonic.Lldt => &LoadLdt,
        Mnemonic.Ltr => &LoadTask,
        Mnemonic.Sldt => &StoreLdt,
        Mnemonic.Str => &StoreTask,
        Mnemonic.Smsw => &StoreStatus,
        Mnemonic.Lmsw => &LoadStatus,
        Mnemonic.Lar => &Lar,
        Mnemonic.Lsl => &Lsl,
        Mnemonic.Verr => &Verr,
        Mnemonic.Verw => &Verw,
        _ => null,
    };

    /// <summary>Name of the segment register that LDS to LSS load.</summary>
    public static int FarTarget(Mnemonic mnemonic) => mnemonic switch
    {
        Mnemonic.Les => (int)SegmentName.Es,
        Mnemonic.Lds => (int)SegmentName.Ds,
        Mnemonic.Lfs => (int)SegmentName.Fs,
        Mnemonic.Lgs => (int)SegmentName.Gs,
        _ => (int)SegmentName.Ss,
    };

    private static bool LoadSegment(Core c, CpuState* s, Op* o)
    {
        if (o->A == (int)SegmentName.Cs) return c.Raise(ExceptionVector.InvalidOpcode);
        if (!MulDiv.Source<ushort>(c, s, o, o->B, out ulong selector) || !c.Segmentation.Load(o->A, (ushort)selector)) return false;
        if (o->A == (int)SegmentName.Ss) c.HoldInterrupts(debugToo: true);
        return Core.Leave(s, o);
    }

    private static bool StoreSegment(Core c, CpuState* s, Op* o) => Store(c, s, o, (&s->Es + o->B)->Selector);

    /// <summary>A 16-bit value to memory, or zero-extended to a register of the operand size.</summary>
    private static bool Store(Core c, CpuState* s, Op* o, ulong value)
    {
        if ((o->Flags & OpFlags.Memory) != 0)
            return Access.Address(c, s, o, 2, write: true, out ulong address) && Access.Write<ushort>(c, s, address, o->Segment, value);
        if (o->Extra == 2) Bits.SetRegister<ushort>(s, o->A, value);
        else Bits.SetRegister<ulong>(s, o->A, o->Extra == 4 ? (uint)value : value);
        return true;
    }

    private static bool LoadFar(Core c, CpuState* s, Op* o)
    {
        int size = o->Extra & 15, name = o->Extra >> 4;
        if (!Access.Address(c, s, o, size + 2, write: false, out ulong address) || !c.Mmu.ReadSlow(address, size, o->Segment, out ulong offset)
            || !c.Mmu.ReadSlow(address + (ulong)size, 2, o->Segment, out ulong selector) || !c.Segmentation.Load(name, (ushort)selector)) return false;
        if (size == 2) Bits.SetRegister<ushort>(s, o->A, offset);
        else Bits.SetRegister<ulong>(s, o->A, offset);
        return Core.Leave(s, o);
    }

    private static bool ReadTable(Core c, CpuState* s, Op* o, out ulong start, out ushort limit)
    {
        start = limit = 0;
        if (s->Cpl != 0) return c.Raise(ExceptionVector.GeneralProtection);
        int size = s->CodeSize == 2 ? 8 : 4;
        if (!Access.Address(c, s, o, size + 2, write: false, out ulong address) || !c.Mmu.ReadSlow(address, 2, o->Segment, out ulong low)
            || !c.Mmu.ReadSlow(address + 2, size, o->Segment, out start)) return false;
        if (s->CodeSize == 2 && (ulong)((long)start << 16 >> 16) != start) return c.Raise(ExceptionVector.GeneralProtection);
        if (o->Extra == 2) start &= 0xFF_FFFF;
        limit = (ushort)low;
        return true;
    }

    private static bool LoadGdt(Core c, CpuState* s, Op* o)
    {
        if (!ReadTable(c, s, o, out ulong start, out ushort limit)) return false;
        (s->GdtBase, s->GdtLimit) = (start, limit);
        return true;
    }

    private static bool LoadIdt(Core c, CpuState* s, Op* o)
    {
        if (!ReadTable(c, s, o, out ulong start, out ushort limit)) return false;
        (s->IdtBase, s->IdtLimit) = (start, limit);
        return true;
    }

    private static bool MayStore(Core c, CpuState* s) => (s->Cr4 & Cr4.Umip) == 0 || s->Cpl == 0 || c.Raise(ExceptionVector.GeneralProtection);

    private static bool StoreGdt(Core c, CpuState* s, Op* o) => StoreTable(c, s, o, s->GdtBase, s->GdtLimit);

    private static bool StoreIdt(Core c, CpuState* s, Op* o) => StoreTable(c, s, o, s->IdtBase, s->IdtLimit);

    private static bool StoreTable(Core c, CpuState* s, Op* o, ulong start, ushort limit)
    {
        int size = s->CodeSize == 2 ? 8 : 4;
        if (!MayStore(c, s) || !Access.Address(c, s, o, size + 2, write: true, out ulong address)) return false;
        byte* image = stackalloc byte[10];
        *(ushort*)image = limit;
        *(ulong*)(image + 2) = start;
        return c.Mmu.WriteBytes(address, image, size + 2, o->Segment);
    }

    private static bool SystemDescriptor(Core c, CpuState* s, ushort selector, int type, int type16, out Segment segment)
    {
        segment = default;
        uint error = selector & 0xFFFCu;
        if ((selector & 4) != 0) return c.Raise(ExceptionVector.GeneralProtection, error);
        if (!c.Segmentation.ReadDescriptor(selector, 0, ExceptionVector.GeneralProtection, out SegmentDescriptor d)) return false;
        bool isLong = c.Segmentation.IsLong;
        if (d.Attributes.HasFlag(SegmentAttributes.NonSystem) || (d.Type != type && (isLong || d.Type != type16))) return c.Raise(ExceptionVector.GeneralProtection, error);
        if (!d.IsPresent) return c.Raise(ExceptionVector.SegmentNotPresent, error);
        segment = d.ToSegment(selector);
        if (!isLong) return true;
        if ((selector | 7u) + 8 > s->GdtLimit) return c.Raise(ExceptionVector.GeneralProtection, error);
        if (!c.Mmu.ReadSystem(s->GdtBase + (ulong)(selector & ~7) + 8, 8, out ulong high)) return false;
        segment.Base |= high << 32;
        return (ulong)((long)segment.Base << 16 >> 16) == segment.Base || c.Raise(ExceptionVector.GeneralProtection, error);
    }

    private static bool SystemOperand(Core c, CpuState* s, Op* o, out ushort selector)
    {
        selector = 0;
        if (!c.Segmentation.IsProtected) return c.Raise(ExceptionVector.InvalidOpcode);
        if (s->Cpl != 0) return c.Raise(ExceptionVector.GeneralProtection);
        if (!MulDiv.Source<ushort>(c, s, o, o->A, out ulong value)) return false;
        selector = (ushort)value;
        return true;
    }

    private static bool LoadLdt(Core c, CpuState* s, Op* o)
    {
        if (!SystemOperand(c, s, o, out ushort selector)) return false;
        Segment segment = new() { Selector = selector };
        if ((selector & 0xFFFC) != 0 && !SystemDescriptor(c, s, selector, SystemType.Ldt, SystemType.Ldt, out segment)) return false;
        s->Ldt = segment;
        return true;
    }

    private static bool LoadTask(Core c, CpuState* s, Op* o)
    {
        if (!SystemOperand(c, s, o, out ushort selector)) return false;
        if ((selector & 0xFFFC) == 0) return c.Raise(ExceptionVector.GeneralProtection);
        if (!SystemDescriptor(c, s, selector, SystemType.Tss, SystemType.Tss16, out Segment segment)) return false;
        if (!c.Segmentation.MarkDescriptor(selector, new SegmentDescriptor((ulong)segment.Attributes << 40), 2)) return false;
        segment.Attributes |= (SegmentAttributes)2;
        s->Tr = segment;
        return true;
    }

    private static bool StoreLdt(Core c, CpuState* s, Op* o) =>
        c.Segmentation.IsProtected ? MayStore(c, s) && Store(c, s, o, s->Ldt.Selector) : c.Raise(ExceptionVector.InvalidOpcode);

    private static bool StoreTask(Core c, CpuState* s, Op* o) =>
        c.Segmentation.IsProtected ? MayStore(c, s) && Store(c, s, o, s->Tr.Selector) : c.Raise(ExceptionVector.InvalidOpcode);

    private static bool StoreStatus(Core c, CpuState* s, Op* o) => MayStore(c, s) && Store(c, s, o, (o->Flags & OpFlags.Memory) != 0 ? (ushort)s->Cr0 : s->Cr0);

    private static bool LoadStatus(Core c, CpuState* s, Op* o)
    {
        if (s->Cpl != 0) return c.Raise(ExceptionVector.GeneralProtection);
        if (!MulDiv.Source<ushort>(c, s, o, o->A, out ulong value)) return false;
        // PE can be set but not cleared this way.
        ulong cr0 = (s->Cr0 & ~0xEUL) | (value & 0xE) | (value & 1);
        return c.Control.WriteCr0(cr0) && Core.Leave(s, o);
    }

    private static void SetZero(CpuState* s, bool zero) => Flags.SetStatus(s, (Flags.Status(s) & ~RFlags.Zero) | (zero ? RFlags.Zero : 0));

    /// <summary>Reads a descriptor for inspection: what would fault otherwise only clears ZF.</summary>
    private static bool Inspect(Core c, CpuState* s, ushort selector, out SegmentDescriptor d, out bool visible)
    {
        visible = false;
        d = default;
        if (!c.Segmentation.IsProtected) return c.Raise(ExceptionVector.InvalidOpcode);
        if ((selector & 0xFFFC) == 0) return true;
        if (!c.Segmentation.ReadDescriptor(selector, 0, ExceptionVector.GeneralProtection, out d))
        {
            if (s->FaultVector != ExceptionVector.GeneralProtection) return false;
            s->FaultVector = -1;
            return true;
        }
        bool conforming = d.Attributes.HasFlag(SegmentAttributes.NonSystem | SegmentAttributes.Code | SegmentAttributes.ExpandDownOrConforming);
        visible = conforming || (s->Cpl <= d.Dpl && (selector & 3) <= d.Dpl);
        return true;
    }

    private static bool Lar(Core c, CpuState* s, Op* o) => Look(c, s, o, isLimit: false);

    private static bool Lsl(Core c, CpuState* s, Op* o) => Look(c, s, o, isLimit: true);

    private static bool Look(Core c, CpuState* s, Op* o, bool isLimit)
    {
        if (!MulDiv.Source<ushort>(c, s, o, o->B, out ulong selector) || !Inspect(c, s, (ushort)selector, out SegmentDescriptor d, out bool visible)) return false;
        if (visible && !d.Attributes.HasFlag(SegmentAttributes.NonSystem))
        {
            bool isLong = c.Segmentation.IsLong;
            visible = d.Type switch
            {
                SystemType.Ldt or SystemType.Tss or SystemType.TssBusy => true,
                SystemType.Tss16 or 3 => !isLong,
                SystemType.CallGate => !isLimit,
                SystemType.CallGate16 or SystemType.TaskGate => !isLimit && !isLong,
                _ => false,
            };
        }
        SetZero(s, visible);
        if (!visible) return true;
        ulong value = isLimit ? d.Limit : (uint)(d.Raw >> 32) & 0x00F0_FF00;
        if (o->Extra == 2) Bits.SetRegister<ushort>(s, o->A, value);
        else Bits.SetRegister<ulong>(s, o->A, value);
        return true;
    }

    private static bool Verr(Core c, CpuState* s, Op* o) => Verify(c, s, o, write: false);

    private static bool Verw(Core c, CpuState* s, Op* o) => Verify(c, s, o, write: true);

    private static bool Verify(Core c, CpuState* s, Op* o, bool write)
    {
        if (!MulDiv.Source<ushort>(c, s, o, o->A, out ulong selector) || !Inspect(c, s, (ushort)selector, out SegmentDescriptor d, out bool visible)) return false;
        SegmentAttributes a = d.Attributes;
        bool code = a.HasFlag(SegmentAttributes.Code), bit = a.HasFlag(SegmentAttributes.WritableOrReadable);
        SetZero(s, visible && a.HasFlag(SegmentAttributes.NonSystem) && (write ? !code && bit : !code || bit));
        return true;
    }
}
