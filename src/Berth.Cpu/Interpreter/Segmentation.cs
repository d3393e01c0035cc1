using System.Runtime.CompilerServices;
using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

/// <summary>Segment registers: address checks, descriptor loads, privilege. Spec: [SDM3] 3.4, 5.</summary>
internal sealed unsafe class Segmentation(Core core, CpuState* s)
{
    private const SegmentAttributes CodeOrData = SegmentAttributes.NonSystem;

    public bool IsProtected => (s->Cr0 & Cr0.ProtectionEnable) != 0;

    public bool IsLong => (s->Efer & Efer.LongModeActive) != 0;

    private Segment* Register(int name) => &s->Es + name;

    /// <summary>Linear address of an operand that is not plain 64-bit: truncation, limits, rights.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool SlowAddress(CpuState* state, Op* o, ulong offset, int size, bool write, out ulong address)
    {
        offset = o->AddressSize switch { 2 => (ushort)offset, 4 => (uint)offset, _ => offset };
        return Linear(o->Segment, offset, size, write, out address);
    }

    /// <summary>Linear address of <paramref name="size"/> bytes at an offset in a segment.</summary>
    public bool Linear(int name, ulong offset, int size, bool write, out ulong address)
    {
        if (s->CodeSize == 2)
        {
            address = offset + (name >= (int)SegmentName.Fs ? s->SegmentBases[name] : 0);
            return true;
        }
        Segment* segment = Register(name);
        address = (uint)(segment->Base + offset);
        byte vector = name == (int)SegmentName.Ss ? ExceptionVector.StackFault : ExceptionVector.GeneralProtection;
        if (IsProtected)
        {
            SegmentAttributes a = segment->Attributes;
            if ((a & SegmentAttributes.Present) == 0) return core.Raise(vector);
            bool code = (a & SegmentAttributes.Code) != 0, bit = (a & SegmentAttributes.WritableOrReadable) != 0;
            if (write ? code || !bit : code && !bit) return core.Raise(vector);
        }
        return WithinLimit(*segment, offset, size) || core.Raise(vector);
    }

    /// <summary>Limit check, expand-down segments included.</summary>
    public bool WithinLimit(in Segment segment, ulong offset, int size)
    {
        ulong last = offset + (ulong)size - 1;
        bool down = (segment.Attributes & (SegmentAttributes.Code | SegmentAttributes.ExpandDownOrConforming)) == SegmentAttributes.ExpandDownOrConforming;
        if (!down || !IsProtected) return last <= segment.Limit;
        return offset > segment.Limit && last <= (segment.Attributes.HasFlag(SegmentAttributes.Big) ? 0xFFFF_FFFF : 0xFFFFu);
    }

    /// <summary>Reads a descriptor; a selector beyond its table or null gives <paramref name="vector"/>.</summary>
    public bool ReadDescriptor(ushort selector, uint external, byte vector, out SegmentDescriptor descriptor)
    {
        descriptor = default;
        uint error = (selector & 0xFFFCu) | external;
        if ((selector & 0xFFFC) == 0) return core.Raise(vector, external);
        ulong table = s->GdtBase;
        uint limit = s->GdtLimit;
        if ((selector & 4) != 0)
        {
            if ((s->Ldt.Attributes & SegmentAttributes.Present) == 0) return core.Raise(vector, error);
            (table, limit) = (s->Ldt.Base, s->Ldt.Limit);
        }
        if ((selector | 7u) > limit) return core.Raise(vector, error);
        if (!core.Mmu.ReadSystem(table + (ulong)(selector & ~7), 8, out ulong raw)) return false;
        descriptor = new(raw);
        return true;
    }

    /// <summary>Writes a descriptor's type byte back: accessed and busy bits.</summary>
    public bool MarkDescriptor(ushort selector, SegmentDescriptor descriptor, int bit)
    {
        if ((descriptor.Type & bit) != 0) return true;
        ulong table = (selector & 4) != 0 ? s->Ldt.Base : s->GdtBase;
        var type = (byte)(descriptor.Raw >> 40);
        return core.Mmu.WriteSystem(table + (ulong)(selector & ~7) + 5, 1, (byte)(type | bit));
    }

    private bool Accessed(ushort selector, SegmentDescriptor d, out Segment segment)
    {
        segment = d.ToSegment(selector);
        segment.Attributes |= SegmentAttributes.Accessed;
        return MarkDescriptor(selector, d, 1);
    }

    /// <summary>Loads ES, SS, DS, FS or GS as MOV, POP and LSS do.</summary>
    public bool Load(int name, ushort selector)
    {
        if (!IsProtected)
        {
            LoadReal(name, selector);
            return true;
        }
        bool stack = name == (int)SegmentName.Ss;
        uint error = selector & 0xFFFCu;
        if (error == 0)
        {
            if (stack && !(IsLong && s->CodeSize == 2 && s->Cpl != 3 && (selector & 3) == s->Cpl)) return core.Raise(ExceptionVector.GeneralProtection);
            // The base of a null FS or GS is cleared as on Intel processors.
            Set(name, new Segment { Selector = selector, Attributes = stack ? (SegmentAttributes)(s->Cpl << 5) : SegmentAttributes.None });
            return true;
        }
        if (!ReadDescriptor(selector, 0, ExceptionVector.GeneralProtection, out SegmentDescriptor d)) return false;
        SegmentAttributes a = d.Attributes;
        int rpl = selector & 3;
        bool code = (a & SegmentAttributes.Code) != 0, bit = (a & SegmentAttributes.WritableOrReadable) != 0;
        if ((a & CodeOrData) == 0) return core.Raise(ExceptionVector.GeneralProtection, error);
        if (stack)
        {
            if (code || !bit || rpl != s->Cpl || d.Dpl != s->Cpl) return core.Raise(ExceptionVector.GeneralProtection, error);
        }
        else
        {
            bool conforming = code && (a & SegmentAttributes.ExpandDownOrConforming) != 0;
            if ((code && !bit) || (!conforming && (rpl > d.Dpl || s->Cpl > d.Dpl))) return core.Raise(ExceptionVector.GeneralProtection, error);
        }
        if (!d.IsPresent) return core.Raise(stack ? ExceptionVector.StackFault : ExceptionVector.SegmentNotPresent, error);
        if (!Accessed(selector, d, out Segment segment)) return false;
        Set(name, segment);
        return true;
    }

    /// <summary>Loads a segment in real mode: limit and rights stay.</summary>
    public void LoadReal(int name, ushort selector)
    {
        Segment segment = *Register(name);
        segment.Selector = selector;
        segment.Base = (ulong)selector << 4;
        if (name == (int)SegmentName.Cs)
            segment.Attributes = SegmentAttributes.Present | CodeOrData | SegmentAttributes.Code | SegmentAttributes.WritableOrReadable | SegmentAttributes.Accessed
                | (segment.Attributes & SegmentAttributes.Big);
        Set(name, segment);
    }

    /// <summary>Replaces a data or stack segment and what follows from it.</summary>
    public void Set(int name, in Segment segment)
    {
        *Register(name) = segment;
        s->SegmentBases[name] = name >= (int)SegmentName.Fs ? segment.Base : 0;
        if (name is (int)SegmentName.Ss or (int)SegmentName.Cs) ModeChanged();
    }

    public void SetStack(in Segment segment) => Set((int)SegmentName.Ss, segment);

    /// <summary>Bases of FS and GS as set by MSR or WRFSBASE.</summary>
    public void SetBase(int name, ulong value)
    {
        Register(name)->Base = value;
        s->SegmentBases[name] = value;
    }

    /// <summary>Works out code size and stack width again.</summary>
    public void ModeChanged()
    {
        SegmentAttributes cs = s->Cs.Attributes;
        s->CodeSize = IsLong && (cs & SegmentAttributes.Long) != 0 ? 2 : (cs & SegmentAttributes.Big) != 0 ? 1 : 0;
        s->StackMask = s->CodeSize == 2 ? ulong.MaxValue : (s->Ss.Attributes & SegmentAttributes.Big) != 0 ? 0xFFFF_FFFF : 0xFFFF;
        core.Mmu.SelectMode();
    }

    /// <summary>Sets CS after the checks of a transfer.</summary>
    public void EnterCode(ushort selector, SegmentDescriptor code, int cpl)
    {
        Segment segment = code.ToSegment((ushort)((selector & ~3) | cpl));
        segment.Attributes |= SegmentAttributes.Accessed;
        s->Cpl = cpl;
        Set((int)SegmentName.Cs, segment);
    }

    /// <summary>Stack of an inner privilege level from a 16- or 32-bit TSS.</summary>
    public bool InnerStack(int cpl, uint external, out Segment stack, out ulong pointer)
    {
        stack = default;
        pointer = 0;
        bool wide = ((int)s->Tr.Attributes & 8) != 0;
        uint offset = wide ? 4 + ((uint)cpl * 8) : 2 + ((uint)cpl * 4), size = wide ? 4u : 2;
        uint error = (s->Tr.Selector & 0xFFFCu) | external;
        if (offset + (2 * size) - 1 > s->Tr.Limit) return core.Raise(ExceptionVector.InvalidTss, error);
        if (!core.Mmu.ReadSystem(s->Tr.Base + offset, (int)size, out pointer) || !core.Mmu.ReadSystem(s->Tr.Base + offset + size, 2, out ulong ss)) return false;
        var selector = (ushort)ss;
        if (!ReadDescriptor(selector, external, ExceptionVector.InvalidTss, out SegmentDescriptor d)) return false;
        SegmentAttributes kind = d.Attributes & (CodeOrData | SegmentAttributes.Code | SegmentAttributes.WritableOrReadable);
        if (kind != (CodeOrData | SegmentAttributes.WritableOrReadable) || d.Dpl != cpl || (selector & 3) != cpl)
            return core.Raise(ExceptionVector.InvalidTss, (selector & 0xFFFCu) | external);
        if (!d.IsPresent) return core.Raise(ExceptionVector.StackFault, (selector & 0xFFFCu) | external);
        return Accessed(selector, d, out stack);
    }

    /// <summary>After a return to an outer level: data segments that it may not use become null. Spec: [SDM2A] IRET, RET.</summary>
    public void DropInnerSegments()
    {
        foreach (int name in (ReadOnlySpan<int>)[(int)SegmentName.Es, (int)SegmentName.Ds, (int)SegmentName.Fs, (int)SegmentName.Gs])
        {
            Segment segment = *Register(name);
            bool conforming = (segment.Attributes & (SegmentAttributes.Code | SegmentAttributes.ExpandDownOrConforming))
                == (SegmentAttributes.Code | SegmentAttributes.ExpandDownOrConforming);
            if (segment.Dpl < s->Cpl && !conforming && (segment.Attributes & CodeOrData) != 0)
                Set(name, new Segment { Base = name >= (int)SegmentName.Fs ? 0 : segment.Base });
        }
    }
}
