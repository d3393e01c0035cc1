using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

/// <summary>Reset, INIT, start-up, and the registers as the seam sees them.</summary>
internal sealed unsafe partial class Core
{
    /// <summary>Power-on state. Spec: [SDM3] table 9-1.</summary>
    public void Reset()
    {
        new Span<byte>(S->Xsave, CpuModel.XsaveSize).Clear();
        S->Fcw = 0x40;
        S->Ftw = 0xFF;
        S->Mxcsr = 0x1F80;
        S->MxcsrMask = 0xFFFF;
        S->Pat = 0x0007_0406_0007_0406;
        S->KernelGsBase = 0;
        SetRegisters(CpuRegisters.AtReset());
        S->Registers[(int)GeneralRegister.Rdx] = CpuModel.Signature;
        _waitForStartup = Index != 0;
    }

    private void Initialize()
    {
        SetRegisters(CpuRegisters.AtReset());
        S->Registers[(int)GeneralRegister.Rdx] = CpuModel.Signature;
        Apic?.Reset();
        _nmiMasked = false;
        _waitForStartup = Index != 0;
    }

    private void StartUp()
    {
        _waitForStartup = false;
        byte vector = Volatile.Read(ref _startupVector);
        Segmentation.Set((int)SegmentName.Cs, S->Cs with { Selector = (ushort)(vector << 8), Base = (ulong)vector << 12 });
        S->Rip = 0;
    }

    public CpuRegisters GetRegisters()
    {
        CpuState* s = S;
        CpuRegisters r = new()
        {
            Rip = s->Rip,
            Flags = Flags.All(s),
            TaskRegister = s->Tr,
            LocalTable = s->Ldt,
            Gdt = new(s->GdtBase, s->GdtLimit),
            Idt = new(s->IdtBase, s->IdtLimit),
            Cr0 = s->Cr0,
            Cr2 = s->Cr2,
            Cr3 = s->Cr3,
            Cr4 = s->Cr4,
            Cr8 = Apic?.TaskPriority ?? 0UL,
            Efer = s->Efer,
            Xcr0 = s->Xcr0,
        };
        for (int i = 0; i < 16; i++) r.General[i] = s->Registers[i];
        for (int i = 0; i < 6; i++) r.Segments[i] = (&s->Es)[i];
        for (int i = 0; i < 8; i++) r.Debug[i] = s->Debug[i];
        return r;
    }

    public void SetRegisters(CpuRegisters r)
    {
        CpuState* s = S;
        for (int i = 0; i < 16; i++) s->Registers[i] = r.General[i];
        for (int i = 0; i < 8; i++) s->Debug[i] = r.Debug[i];
        s->Rip = r.Rip;
        Flags.SetStatus(s, r.Flags);
        s->SystemFlags = (r.Flags & ~RFlags.Status) | RFlags.Fixed;
        (s->Cr0, s->Cr2, s->Cr3, s->Cr4, s->Efer, s->Xcr0) = (r.Cr0, r.Cr2, r.Cr3, r.Cr4, r.Efer, r.Xcr0);
        (s->Tr, s->Ldt) = (r.TaskRegister, r.LocalTable);
        (s->GdtBase, s->GdtLimit, s->IdtBase, s->IdtLimit) = (r.Gdt.Base, r.Gdt.Limit, r.Idt.Base, r.Idt.Limit);
        // [SDM3] 5.5: the privilege level is that of SS in protected mode, and of CS where SS is null.
        bool isProtected = (r.Cr0 & Cr0.ProtectionEnable) != 0;
        s->Cpl = isProtected ? r.Segments[(int)SegmentName.Cs].Selector & 3 : 0;
        for (int i = 0; i < 6; i++) Segmentation.Set(i, r.Segments[i]);
        if (Apic is not null) Apic.TaskPriority = (byte)r.Cr8;
        s->Shadow = 0;
        s->DebugHits = 0;
        s->FaultVector = -1;
        s->Step = 0;
        Breakpoints.Update();
        SystemFlagsChanged();
        Mmu.Flush();
        _halted = false;
        _waitForStartup = false;
    }
}
