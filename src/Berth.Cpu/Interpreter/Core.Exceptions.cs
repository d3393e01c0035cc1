using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

/// <summary>Delivery through the IDT, double and triple faults. Spec: [SDM3] 6.</summary>
internal sealed unsafe partial class Core
{
    /// <summary>The last fault before delivery, for diagnosis.</summary>
    public int LastVector { get; private set; } = -1;

    /// <summary>Delivers the recorded fault; false = triple fault.</summary>
    private bool DeliverFault()
    {
        CpuState* s = S;
        int vector = s->FaultVector;
        uint error = s->FaultError;
        LastVector = vector;
        s->FaultVector = -1;
        s->DebugHits = 0;
        _trapBefore = false;
        return Deliver((byte)vector, Delivery.Fault, error);
    }

    /// <summary>Delivers one event and what goes wrong on the way; false = triple fault.</summary>
    public bool Deliver(byte vector, Delivery kind, uint error)
    {
        CpuState* s = S;
        Monitor?.Delivering(vector, kind, error);
        byte current = vector;
        Delivery currentKind = kind;
        while (true)
        {
            s->FaultVector = -1;
            if (TryDeliver(current, currentKind, error)) return true;
            var next = (byte)s->FaultVector;
            bool currentIsException = currentKind is Delivery.Fault || (currentKind is Delivery.Trap && current != ExceptionVector.Debug);
            if (currentIsException && current == ExceptionVector.DoubleFault)
            {
                s->FaultVector = -1;
                return false;
            }
            bool doubles = currentIsException
                && ((IsContributory(current) && IsContributory(next)) || (current == ExceptionVector.PageFault && (IsContributory(next) || next == ExceptionVector.PageFault)));
            error = doubles ? 0 : s->FaultError;
            current = doubles ? ExceptionVector.DoubleFault : next;
            currentKind = Delivery.Fault;
        }
    }

    private static bool IsContributory(byte vector) =>
        vector is ExceptionVector.DivideError or >= ExceptionVector.InvalidTss and <= ExceptionVector.GeneralProtection;

    private static bool HasErrorCode(byte vector, Delivery kind) =>
        kind == Delivery.Fault && vector is ExceptionVector.DoubleFault or >= ExceptionVector.InvalidTss and <= ExceptionVector.PageFault
            or ExceptionVector.AlignmentCheck && kind == Delivery.Fault;

    public bool TryDeliver(byte vector, Delivery kind, uint error)
    {
        CpuState* s = S;
        if ((s->Cr0 & Cr0.ProtectionEnable) == 0) return DeliverReal(vector);
        bool isLong = (s->Efer & Efer.LongModeActive) != 0;
        uint external = kind == Delivery.Software ? 0u : 1u;
        uint selectorError = (uint)(vector * 8) + 2 + external;
        int size = isLong ? 16 : 8;
        if ((uint)(vector * size) + size - 1 > s->IdtLimit) return Raise(ExceptionVector.GeneralProtection, selectorError);
        ulong place = s->IdtBase + (ulong)(vector * size), high = 0;
        if (!Mmu.ReadSystem(place, 8, out ulong low) || (isLong && !Mmu.ReadSystem(place + 8, 8, out high))) return false;
        int type = (int)(low >> 40) & 0x1F, dpl = (int)(low >> 45) & 3;
        bool known = isLong ? type is SystemType.InterruptGate or SystemType.TrapGate
            : type is SystemType.InterruptGate or SystemType.TrapGate or SystemType.InterruptGate16 or SystemType.TrapGate16;
        if (!known || (kind == Delivery.Software && dpl < s->Cpl)) return Raise(ExceptionVector.GeneralProtection, selectorError);
        if ((low >> 47 & 1) == 0) return Raise(ExceptionVector.SegmentNotPresent, selectorError);

        var selector = (ushort)(low >> 16);
        if (!Segmentation.ReadDescriptor(selector, external, ExceptionVector.GeneralProtection, out SegmentDescriptor code)) return false;
        SegmentAttributes attributes = code.Attributes;
        if ((attributes & (SegmentAttributes.NonSystem | SegmentAttributes.Code)) != (SegmentAttributes.NonSystem | SegmentAttributes.Code)
            || code.Dpl > s->Cpl || (isLong && (attributes & (SegmentAttributes.Long | SegmentAttributes.Big)) != SegmentAttributes.Long))
            return Raise(ExceptionVector.GeneralProtection, (selector & 0xFFFCu) | external);
        if (!code.IsPresent) return Raise(ExceptionVector.SegmentNotPresent, (selector & 0xFFFCu) | external);
        bool conforming = attributes.HasFlag(SegmentAttributes.ExpandDownOrConforming);
        int cpl = conforming ? s->Cpl : code.Dpl;
        ulong target = (low & 0xFFFF) | (low >> 48 << 16) | (high << 32);
        if ((type & 8) == 0) target &= 0xFFFF;
        ulong flags = Flags.All(s);
        if (kind is Delivery.Fault && vector != ExceptionVector.Debug) flags |= RFlags.Resume;
        bool hasError = HasErrorCode(vector, kind);
        InterruptFrame frame = new(vector, target, selector, code, cpl, flags, hasError ? error : null, (int)(low >> 32) & 7, external, (type & 8) != 0 ? 4 : 2);
        if (isLong ? !PushFrameLong(frame) : !PushFrameLegacy(frame)) return false;

        s->SystemFlags &= ~(RFlags.Trap | RFlags.NestedTask | RFlags.Resume | RFlags.Virtual8086);
        if ((type & 1) == 0) s->SystemFlags &= ~RFlags.Interrupt;
        Segmentation.EnterCode(selector, code, cpl);
        s->Rip = target;
        SystemFlagsChanged();
        return true;
    }

    private readonly record struct InterruptFrame(
        byte Vector, ulong Target, ushort Selector, SegmentDescriptor Code, int Cpl, ulong Flags, uint? Error, int Ist, uint External, int SlotSize);

    private bool PushFrameLong(in InterruptFrame f)
    {
        CpuState* s = S;
        ulong stack;
        if (f.Ist != 0 || f.Cpl < s->Cpl)
        {
            uint offset = f.Ist != 0 ? 36 + ((uint)(f.Ist - 1) * 8) : 4 + ((uint)f.Cpl * 8);
            if (offset + 7 > s->Tr.Limit) return Raise(ExceptionVector.InvalidTss, (s->Tr.Selector & 0xFFFCu) | f.External);
            if (!Mmu.ReadSystem(s->Tr.Base + offset, 8, out stack)) return false;
        }
        else stack = s->Registers[(int)GeneralRegister.Rsp];
        if ((ulong)((long)stack << 16 >> 16) != stack) return Raise(ExceptionVector.StackFault, f.External);
        stack &= ~15UL;
        bool toInner = f.Cpl < s->Cpl;
        ushort oldSs = s->Ss.Selector;
        Span<ulong> words = [s->Cs.Selector, f.Flags, s->Registers[(int)GeneralRegister.Rsp], oldSs];
        ulong at = stack - 8;
        // Pushes are made with the rights of the new privilege level.
        int mode = f.Cpl == 3 ? Memory.AccessMode.User : Memory.AccessMode.Supervisor;
        if (!Mmu.WriteAs(at, 8, oldSs, mode) || !Mmu.WriteAs(at - 8, 8, words[2], mode) || !Mmu.WriteAs(at - 16, 8, f.Flags, mode)
            || !Mmu.WriteAs(at - 24, 8, s->Cs.Selector, mode) || !Mmu.WriteAs(at - 32, 8, s->Rip, mode)) return false;
        at -= 32;
        if (f.Error is { } error)
        {
            at -= 8;
            if (!Mmu.WriteAs(at, 8, error, mode)) return false;
        }
        if (toInner) s->Ss = new Segment { Selector = (ushort)f.Cpl, Attributes = SegmentAttributes.None };
        s->Registers[(int)GeneralRegister.Rsp] = at;
        return true;
    }

    private bool PushFrameLegacy(in InterruptFrame f)
    {
        CpuState* s = S;
        bool inner = f.Cpl < s->Cpl;
        ulong sp = s->Registers[(int)GeneralRegister.Rsp];
        Segment stack = s->Ss;
        Span<ulong> words = stackalloc ulong[6];
        int count = 0;
        if (inner)
        {
            if (!Segmentation.InnerStack(f.Cpl, f.External, out stack, out ulong inside)) return false;
            words[count++] = s->Ss.Selector;
            words[count++] = sp;
            sp = inside;
        }
        words[count++] = f.Flags;
        words[count++] = s->Cs.Selector;
        words[count++] = s->Rip;
        if (f.Error is { } error) words[count++] = error;
        ulong mask = stack.Attributes.HasFlag(SegmentAttributes.Big) ? 0xFFFF_FFFF : 0xFFFF;
        ulong at = sp;
        for (int i = 0; i < count; i++)
        {
            at = (at - (ulong)f.SlotSize) & mask;
            if (!Segmentation.WithinLimit(stack, at, f.SlotSize)) return Raise(ExceptionVector.StackFault, inner ? (stack.Selector & 0xFFFCu) | f.External : f.External);
            if (!Mmu.WriteAs((uint)(stack.Base + at), f.SlotSize, words[i], f.Cpl == 3 ? Memory.AccessMode.User : Memory.AccessMode.Supervisor)) return false;
        }
        if (inner) Segmentation.SetStack(stack);
        s->Registers[(int)GeneralRegister.Rsp] = (s->Registers[(int)GeneralRegister.Rsp] & ~mask) | at;
        if (inner) s->Registers[(int)GeneralRegister.Rsp] = at;
        return true;
    }

    private bool DeliverReal(byte vector)
    {
        CpuState* s = S;
        if ((vector * 4) + 3 > s->IdtLimit) return Raise(ExceptionVector.DoubleFault);
        if (!Mmu.ReadSystem(s->IdtBase + (ulong)(vector * 4), 4, out ulong entry)) return false;
        Span<ulong> words = [Flags.All(s), s->Cs.Selector, s->Rip];
        ulong sp = s->Registers[(int)GeneralRegister.Rsp];
        foreach (ulong word in words)
        {
            sp = (sp & ~0xFFFFUL) | ((sp - 2) & 0xFFFF);
            if (!Mmu.WriteAs((uint)(s->Ss.Base + (sp & 0xFFFF)), 2, word & 0xFFFF, Memory.AccessMode.Supervisor)) return false;
        }
        s->Registers[(int)GeneralRegister.Rsp] = sp;
        s->SystemFlags &= ~(RFlags.Trap | RFlags.Interrupt | RFlags.Resume | RFlags.AlignmentCheck);
        Segmentation.LoadReal((int)SegmentName.Cs, (ushort)(entry >> 16));
        s->Rip = entry & 0xFFFF;
        SystemFlagsChanged();
        return true;
    }
}
