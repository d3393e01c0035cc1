using System.Runtime.InteropServices;
using Berth.Linux;
using Berth.Machine;
using Berth.X86;
using static Berth.Linux.KvmRequest;

namespace Berth.Kvm;

/// <summary>State in and out. What is set earlier may be undone by what is set later; the order is KVM's.</summary>
public sealed unsafe partial class KvmCpu
{
    private const int LegacyEnd = 416, XsaveHeader = 512, XsaveHeaderEnd = 576;

    private ulong _tscFrequency;

    // Power-on state, the same as the software processor's. An application processor waits for its start-up from the beginning.
    private void Prepare()
    {
        ulong wanted = _machine.Config.Clock.TscFrequency;
        if (Libc.TryKvm(_machine.Fd, KVM_CHECK_EXTENSION, Libc.KVM_CAP_TSC_CONTROL) > 0) Libc.Kvm(Fd, KVM_SET_TSC_KHZ, (nint)(wanted / 1000));
        _tscFrequency = (ulong)Libc.Kvm(Fd, KVM_GET_TSC_KHZ) * 1000;
        _machine.Cpuid.Install(Fd, new CpuidContext(Index, _machine.Config.CpuCount, _tscFrequency, Osxsave: false, Xcr0: 1));
        WriteMsr(Msr.ArchitectureCapabilities, _machine.Msrs.ArchitectureCapabilities);
        WriteMsr(Msr.MicrocodeRevision, CpuModel.MicrocodeRevision);
        WriteMsr(Msr.MiscEnable, CpuModel.MiscEnable);
        WriteMsr(Msr.MtrrDefaultType, 6);
        CpuRegisters registers = CpuRegisters.AtReset();
        registers.General[(int)GeneralRegister.Rdx] = CpuModel.Signature;
        CpuActivity activity = Activity;
        SetRegisters(registers);
        Activity = activity;
        // Unchanged, but only now does KVM enter the new APIC into the map by which it delivers.
        Libc.kvm_lapic_state apic = default;
        Libc.Kvm(Fd, KVM_GET_LAPIC, ref apic);
        Libc.Kvm(Fd, KVM_SET_LAPIC, ref apic);
    }

    /// <summary>TSC ticks per second: the machine's, or the host's where it cannot scale its counter.</summary>
    public ulong TscFrequency => _tscFrequency;

    private CpuActivity Activity
    {
        get
        {
            Libc.kvm_mp_state state = default;
            Libc.Kvm(Fd, KVM_GET_MP_STATE, ref state);
            return state.mp_state switch
            {
                Libc.KVM_MP_STATE_HALTED => CpuActivity.Halted,
                Libc.KVM_MP_STATE_UNINITIALIZED or Libc.KVM_MP_STATE_INIT_RECEIVED => CpuActivity.WaitingForStartup,
                _ => CpuActivity.Running,
            };
        }
        set
        {
            Libc.kvm_mp_state state = new()
            {
                mp_state = value switch
                {
                    CpuActivity.Halted => Libc.KVM_MP_STATE_HALTED,
                    CpuActivity.WaitingForStartup => Libc.KVM_MP_STATE_INIT_RECEIVED,
                    _ => Libc.KVM_MP_STATE_RUNNABLE,
                },
            };
            Libc.Kvm(Fd, KVM_SET_MP_STATE, ref state);
        }
    }

    /// <inheritdoc/>
    public CpuRegisters GetRegisters()
    {
        Complete();
        Libc.kvm_regs g = default;
        Libc.kvm_sregs s = default;
        Libc.kvm_debugregs d = default;
        Libc.Kvm(Fd, KVM_GET_REGS, ref g);
        Libc.Kvm(Fd, KVM_GET_SREGS, ref s);
        Libc.Kvm(Fd, KVM_GET_DEBUGREGS, ref d);
        Libc.kvm_xcrs x = default;
        Libc.Kvm(Fd, KVM_GET_XCRS, ref x);
        return new()
        {
            General = [g.rax, g.rcx, g.rdx, g.rbx, g.rsp, g.rbp, g.rsi, g.rdi, g.r8, g.r9, g.r10, g.r11, g.r12, g.r13, g.r14, g.r15],
            Rip = g.rip,
            Flags = g.rflags,
            Segments = [Segment(s.es), Segment(s.cs), Segment(s.ss), Segment(s.ds), Segment(s.fs), Segment(s.gs)],
            TaskRegister = Segment(s.tr),
            LocalTable = Segment(s.ldt),
            Gdt = new(s.gdt.@base, s.gdt.limit),
            Idt = new(s.idt.@base, s.idt.limit),
            Cr0 = s.cr0,
            Cr2 = s.cr2,
            Cr3 = s.cr3,
            Cr4 = s.cr4,
            Cr8 = s.cr8,
            Efer = s.efer,
            Xcr0 = x.value,
            // SAFETY: the array has four entries.
            Debug = [d.db[0], d.db[1], d.db[2], d.db[3], 0, 0, d.dr6, d.dr7],
        };
    }

    /// <inheritdoc/>
    public void SetRegisters(CpuRegisters registers)
    {
        ArgumentNullException.ThrowIfNull(registers);
        Complete();
        Activity = CpuActivity.Running;
        Set(registers);
        // What was on its way to a handler belonged to the state that is gone.
        Libc.kvm_vcpu_events events = new() { flags = Libc.KVM_VCPUEVENT_VALID_NMI_PENDING | Libc.KVM_VCPUEVENT_VALID_SHADOW };
        Libc.Kvm(Fd, KVM_SET_VCPU_EVENTS, ref events);
    }

    private void Set(CpuRegisters r)
    {
        ulong[] n = r.General;
        Libc.kvm_regs g = new()
        {
            rax = n[0],
            rcx = n[1],
            rdx = n[2],
            rbx = n[3],
            rsp = n[4],
            rbp = n[5],
            rsi = n[6],
            rdi = n[7],
            r8 = n[8],
            r9 = n[9],
            r10 = n[10],
            r11 = n[11],
            r12 = n[12],
            r13 = n[13],
            r14 = n[14],
            r15 = n[15],
            rip = r.Rip,
            rflags = r.Flags | RFlags.Fixed,
        };
        Libc.Kvm(Fd, KVM_SET_REGS, ref g);
        // The APIC's base stays as it is.
        Libc.kvm_sregs s = default;
        Libc.Kvm(Fd, KVM_GET_SREGS, ref s);
        ulong apicBase = s.apic_base;
        s = new()
        {
            es = Segment(r.Segments[0]),
            cs = Segment(r.Segments[1]),
            ss = Segment(r.Segments[2]),
            ds = Segment(r.Segments[3]),
            fs = Segment(r.Segments[4]),
            gs = Segment(r.Segments[5]),
            tr = Segment(r.TaskRegister),
            ldt = Segment(r.LocalTable),
            gdt = new() { @base = r.Gdt.Base, limit = r.Gdt.Limit },
            idt = new() { @base = r.Idt.Base, limit = r.Idt.Limit },
            cr0 = r.Cr0,
            cr2 = r.Cr2,
            cr3 = r.Cr3,
            cr4 = r.Cr4,
            cr8 = r.Cr8,
            efer = r.Efer,
            apic_base = apicBase,
        };
        Libc.Kvm(Fd, KVM_SET_SREGS, ref s);
        Libc.kvm_xcrs x = new() { nr_xcrs = 1, value = r.Xcr0 };
        Libc.Kvm(Fd, KVM_SET_XCRS, ref x);
        Libc.kvm_debugregs d = new() { dr6 = r.Debug[6], dr7 = r.Debug[7] };
        // SAFETY: the array has four entries.
        for (int i = 0; i < 4; i++) d.db[i] = r.Debug[i];
        Libc.Kvm(Fd, KVM_SET_DEBUGREGS, ref d);
    }

    private static Segment Segment(in Libc.kvm_segment s) => new()
    {
        Base = s.@base,
        Limit = s.limit,
        Selector = s.selector,
        Attributes = s.unusable != 0
            ? SegmentAttributes.None
            : (SegmentAttributes)(s.type | s.s << 4 | s.dpl << 5 | s.present << 7 | s.avl << 12 | s.l << 13 | s.db << 14 | s.g << 15),
    };

    private static Libc.kvm_segment Segment(in Segment s)
    {
        int bits = (int)s.Attributes;
        return new()
        {
            @base = s.Base,
            limit = s.Limit,
            selector = s.Selector,
            type = (byte)(bits & 15),
            s = (byte)(bits >> 4 & 1),
            dpl = (byte)(bits >> 5 & 3),
            present = (byte)(bits >> 7 & 1),
            avl = (byte)(bits >> 12 & 1),
            l = (byte)(bits >> 13 & 1),
            db = (byte)(bits >> 14 & 1),
            g = (byte)(bits >> 15 & 1),
            unusable = s.Attributes.HasFlag(SegmentAttributes.Present) ? (byte)0 : (byte)1,
        };
    }

    /// <inheritdoc/>
    public void GetExtendedState(Span<byte> xsave)
    {
        Complete();
        Libc.kvm_xsave area = default;
        Libc.Kvm(Fd, KVM_GET_XSAVE, ref area);
        MemoryMarshal.AsBytes(new ReadOnlySpan<Libc.kvm_xsave>(in area))[..CpuModel.XsaveSize].CopyTo(xsave);
        // The kernel's marks at the end of the legacy area are its own.
        xsave[LegacyEnd..XsaveHeaderEnd].Clear();
        xsave[XsaveHeader] = (byte)CpuModel.Xcr0;
    }

    /// <inheritdoc/>
    public void SetExtendedState(ReadOnlySpan<byte> xsave)
    {
        if (xsave.Length != CpuModel.XsaveSize) throw new ArgumentException($"Extended state must be {CpuModel.XsaveSize} bytes.", nameof(xsave));
        Complete();
        Libc.kvm_xsave area = default;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<Libc.kvm_xsave>(ref area));
        xsave.CopyTo(bytes);
        bytes[XsaveHeader..XsaveHeaderEnd].Clear();
        bytes[XsaveHeader] = (byte)(CpuModel.Xcr0 & _machine.Cpuid.Xcr0);
        Libc.Kvm(Fd, KVM_SET_XSAVE, ref area);
    }

    /// <inheritdoc/>
    public bool TryReadMsr(uint index, out ulong value)
    {
        Complete();
        if (!KvmMsrs.IsKept(index)) return KvmMsrs.TryRead(index, out value);
        Libc.kvm_msrs request = new() { nmsrs = 1, entry = new() { index = index } };
        bool known = Libc.TryKvm(Fd, KVM_GET_MSRS, ref request) == 1;
        value = request.entry.data;
        return known;
    }

    /// <inheritdoc/>
    public bool TryWriteMsr(uint index, ulong value)
    {
        Complete();
        return KvmMsrs.IsKept(index) ? WriteMsr(index, value) : KvmMsrs.TryWrite(index, value);
    }

    private bool WriteMsr(uint index, ulong value)
    {
        Libc.kvm_msrs request = new() { nmsrs = 1, entry = new() { index = index, data = value } };
        return Libc.TryKvm(Fd, KVM_SET_MSRS, ref request) == 1;
    }

    /// <inheritdoc/>
    public CpuSnapshot Save()
    {
        Complete();
        // First: asking for it lets the APIC act on what has reached it.
        CpuActivity activity = Activity;
        CpuRegisters registers = GetRegisters();
        byte[] extended = new byte[CpuModel.XsaveSize], page = new byte[ApicSnapshot.PageLength];
        GetExtendedState(extended);
        Libc.kvm_lapic_state apic = default;
        Libc.Kvm(Fd, KVM_GET_LAPIC, ref apic);
        // SAFETY: the array is as long as the page.
        new ReadOnlySpan<byte>(apic.regs, page.Length).CopyTo(page);
        List<(uint, ulong)> msrs = [];
        foreach (uint index in CpuSnapshot.SavedMsrs)
            if (TryReadMsr(index, out ulong value)) msrs.Add((index, value));
        TryReadMsr(Msr.ApicBase, out ulong apicBase);
        Libc.kvm_vcpu_events e = default;
        Libc.Kvm(Fd, KVM_GET_VCPU_EVENTS, ref e);
        return new()
        {
            Registers = registers,
            ExtendedState = extended,
            Msrs = msrs,
            Activity = activity,
            InterruptShadow = e.interrupt_shadow != 0,
            NmiPending = e.nmi_pending != 0 || e.nmi_injected != 0,
            NmiMasked = e.nmi_masked != 0 && e.nmi_injected == 0,
            Event = Event(e),
            Apic = new(apicBase, page),
        };
    }

    private static CpuEvent? Event(in Libc.kvm_vcpu_events e)
    {
        if (e.exception_injected != 0 || e.exception_pending != 0) return new(e.exception_nr, IsInterrupt: false, e.exception_has_error_code != 0 ? e.exception_error_code : null);
        return e.interrupt_injected != 0 && e.interrupt_soft == 0 ? new(e.interrupt_nr, IsInterrupt: true, null) : null;
    }

    /// <inheritdoc/>
    public void Load(CpuSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Complete();
        Activity = snapshot.Activity;
        if (snapshot.Apic is { } saved && !WriteMsr(Msr.ApicBase, saved.BaseMsr)) throw new KvmException($"this host's KVM does not take {saved.BaseMsr:x} as the APIC's base");
        Set(snapshot.Registers);
        SetExtendedState(snapshot.ExtendedState);
        if (snapshot.Apic is { } apic)
        {
            if (apic.Page.Length != ApicSnapshot.PageLength) throw new ArgumentException($"A local APIC's page must be {ApicSnapshot.PageLength} bytes.", nameof(snapshot));
            Libc.kvm_lapic_state state = default;
            // SAFETY: the array is as long as the page.
            apic.Page.CopyTo(new Span<byte>(state.regs, ApicSnapshot.PageLength));
            Libc.Kvm(Fd, KVM_SET_LAPIC, ref state);
        }
        foreach ((uint index, ulong value) in snapshot.Msrs)
        {
            bool same = TryReadMsr(index, out ulong now) && now == value;
            if (!same && !TryWriteMsr(index, value) && value != 0) throw new KvmException($"this host's KVM does not take {value:x} for MSR {index:x}");
        }
        Libc.kvm_vcpu_events events = new()
        {
            interrupt_shadow = snapshot.InterruptShadow ? (byte)1 : (byte)0,
            nmi_pending = snapshot.NmiPending ? (byte)1 : (byte)0,
            nmi_masked = snapshot.NmiMasked ? (byte)1 : (byte)0,
            flags = Libc.KVM_VCPUEVENT_VALID_NMI_PENDING | Libc.KVM_VCPUEVENT_VALID_SHADOW,
        };
        if (snapshot.Event is { IsInterrupt: true } interrupt) (events.interrupt_injected, events.interrupt_nr) = (1, interrupt.Vector);
        else if (snapshot.Event is { } exception)
        {
            (events.exception_injected, events.exception_nr) = (1, exception.Vector);
            (events.exception_has_error_code, events.exception_error_code) = exception.ErrorCode is { } code ? ((byte)1, code) : ((byte)0, 0);
        }
        Libc.Kvm(Fd, KVM_SET_VCPU_EVENTS, ref events);
    }
}
