using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

/// <summary>Writes to CR0, CR3, CR4, EFER, XCR0 and the debug registers with their checks and consequences. Spec: [SDM3] 2.5.</summary>
internal sealed unsafe class ControlRegisters(Core core, CpuState* s)
{
    private const ulong Cr0Known = Cr0.ProtectionEnable | Cr0.MonitorCoprocessor | Cr0.Emulation | Cr0.TaskSwitched | Cr0.ExtensionType
        | Cr0.NumericError | Cr0.WriteProtect | Cr0.AlignmentMask | Cr0.NotWriteThrough | Cr0.CacheDisable | Cr0.Paging;

    private const ulong FlushingCr4 = Cr4.PageSizeExtensions | Cr4.PhysicalAddressExtension | Cr4.PageGlobal | Cr4.Pcid | Cr4.Smep | Cr4.Smap;

    public bool WriteCr0(ulong value)
    {
        bool paging = (value & Cr0.Paging) != 0, wasPaging = (s->Cr0 & Cr0.Paging) != 0;
        if (value >> 32 != 0 || (paging && (value & Cr0.ProtectionEnable) == 0)
            || ((value & Cr0.NotWriteThrough) != 0 && (value & Cr0.CacheDisable) == 0))
            return core.Raise(ExceptionVector.GeneralProtection);
        if (paging && !wasPaging && (s->Efer & Efer.LongModeEnable) != 0)
        {
            if ((s->Cr4 & Cr4.PhysicalAddressExtension) == 0 || (s->Cs.Attributes & SegmentAttributes.Long) != 0)
                return core.Raise(ExceptionVector.GeneralProtection);
            s->Efer |= Efer.LongModeActive;
        }
        else if (!paging && wasPaging)
        {
            if ((s->Cr4 & Cr4.Pcid) != 0 || s->CodeSize == 2) return core.Raise(ExceptionVector.GeneralProtection);
            s->Efer &= ~Efer.LongModeActive;
        }
        s->Cr0 = (value & Cr0Known) | Cr0.ExtensionType;
        core.Mmu.Flush();
        core.Segmentation.ModeChanged();
        return true;
    }

    public bool WriteCr3(ulong value)
    {
        bool keep = (s->Cr4 & Cr4.Pcid) != 0 && (value >> 63) != 0;
        if (keep) value &= ~(1UL << 63);
        if ((s->Efer & Efer.LongModeActive) != 0 && value >> CpuModel.PhysicalAddressBits != 0) return core.Raise(ExceptionVector.GeneralProtection);
        s->Cr3 = value;
        core.Mmu.AddressSpaceChanged(keep);
        return true;
    }

    public bool WriteCr4(ulong value)
    {
        bool isLong = (s->Efer & Efer.LongModeActive) != 0;
        ulong changed = value ^ s->Cr4;
        if ((value & ~Cr4.Supported) != 0 || (isLong && (value & Cr4.PhysicalAddressExtension) == 0)
            || ((changed & value & Cr4.Pcid) != 0 && (!isLong || (s->Cr3 & 0xFFF) != 0)))
            return core.Raise(ExceptionVector.GeneralProtection);
        s->Cr4 = value;
        if ((changed & FlushingCr4) != 0) core.Mmu.Flush();
        core.Mmu.SelectMode();
        return true;
    }

    public bool WriteEfer(ulong value)
    {
        const ulong known = Efer.SystemCall | Efer.LongModeEnable | Efer.LongModeActive | Efer.NoExecute;
        if ((value & ~known) != 0 || (((value ^ s->Efer) & Efer.LongModeEnable) != 0 && (s->Cr0 & Cr0.Paging) != 0))
            return core.Raise(ExceptionVector.GeneralProtection);
        s->Efer = (value & ~Efer.LongModeActive) | (s->Efer & Efer.LongModeActive);
        core.Mmu.Flush();
        return true;
    }

    public bool WriteXcr0(ulong value)
    {
        if ((value & 1) == 0 || (value & ~CpuModel.Xcr0) != 0 || (value & 6) == 4) return core.Raise(ExceptionVector.GeneralProtection);
        s->Xcr0 = value;
        return true;
    }

    public ulong ReadDebug(int number) => s->Debug[number is 4 or 5 ? number + 2 : number];

    public bool WriteDebug(int number, ulong value)
    {
        if (number is 4 or 5) number += 2;
        if (number >= 6 && value >> 32 != 0) return core.Raise(ExceptionVector.GeneralProtection);
        s->Debug[number] = number switch
        {
            6 => (value & 0xE00F) | 0xFFFF_0FF0,
            7 => (value & 0xFFFF_2BFF) | 0x400,
            _ => value,
        };
        core.Breakpoints.Update();
        core.Mmu.Flush();
        return true;
    }
}
