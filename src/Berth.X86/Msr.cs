namespace Berth.X86;

/// <summary>Numbers of model-specific registers. Spec: [SDM4] 2, [KVM-MSR].</summary>
public static class Msr
{
    /// <summary>IA32_TIME_STAMP_COUNTER.</summary>
    public const uint Tsc = 0x10;

    /// <summary>IA32_APIC_BASE.</summary>
    public const uint ApicBase = 0x1B;

    /// <summary>IA32_FEATURE_CONTROL.</summary>
    public const uint FeatureControl = 0x3A;

    /// <summary>IA32_TSC_ADJUST.</summary>
    public const uint TscAdjust = 0x3B;

    /// <summary>IA32_SPEC_CTRL.</summary>
    public const uint SpeculationControl = 0x48;

    /// <summary>IA32_PRED_CMD.</summary>
    public const uint PredictionCommand = 0x49;

    /// <summary>IA32_BIOS_SIGN_ID.</summary>
    public const uint MicrocodeRevision = 0x8B;

    /// <summary>IA32_MTRRCAP.</summary>
    public const uint MtrrCapabilities = 0xFE;

    /// <summary>IA32_ARCH_CAPABILITIES.</summary>
    public const uint ArchitectureCapabilities = 0x10A;

    /// <summary>IA32_SYSENTER_CS.</summary>
    public const uint SysenterCs = 0x174;

    /// <summary>IA32_SYSENTER_ESP.</summary>
    public const uint SysenterEsp = 0x175;

    /// <summary>IA32_SYSENTER_EIP.</summary>
    public const uint SysenterEip = 0x176;

    /// <summary>IA32_MCG_CAP.</summary>
    public const uint MachineCheckCapabilities = 0x179;

    /// <summary>IA32_MCG_STATUS.</summary>
    public const uint MachineCheckStatus = 0x17A;

    /// <summary>IA32_MISC_ENABLE.</summary>
    public const uint MiscEnable = 0x1A0;

    /// <summary>IA32_DEBUGCTL.</summary>
    public const uint DebugControl = 0x1D9;

    /// <summary>First variable MTRR; the last is 0x20F.</summary>
    public const uint MtrrPhysicalBase0 = 0x200;

    /// <summary>First fixed-range MTRR; 0x258, 0x259 and 0x268-0x26F follow.</summary>
    public const uint MtrrFix64K = 0x250;

    /// <summary>IA32_PAT.</summary>
    public const uint Pat = 0x277;

    /// <summary>IA32_MTRR_DEF_TYPE.</summary>
    public const uint MtrrDefaultType = 0x2FF;

    /// <summary>IA32_TSC_DEADLINE.</summary>
    public const uint TscDeadline = 0x6E0;

    /// <summary>First x2APIC register.</summary>
    public const uint X2ApicFirst = 0x800;

    /// <summary>Last x2APIC register.</summary>
    public const uint X2ApicLast = 0x8FF;

    /// <summary>IA32_XSS.</summary>
    public const uint Xss = 0xDA0;

    /// <summary>IA32_EFER.</summary>
    public const uint Efer = 0xC000_0080;

    /// <summary>IA32_STAR.</summary>
    public const uint Star = 0xC000_0081;

    /// <summary>IA32_LSTAR.</summary>
    public const uint Lstar = 0xC000_0082;

    /// <summary>IA32_CSTAR.</summary>
    public const uint Cstar = 0xC000_0083;

    /// <summary>IA32_FMASK.</summary>
    public const uint Fmask = 0xC000_0084;

    /// <summary>IA32_FS_BASE.</summary>
    public const uint FsBase = 0xC000_0100;

    /// <summary>IA32_GS_BASE.</summary>
    public const uint GsBase = 0xC000_0101;

    /// <summary>IA32_KERNEL_GS_BASE.</summary>
    public const uint KernelGsBase = 0xC000_0102;

    /// <summary>IA32_TSC_AUX.</summary>
    public const uint TscAux = 0xC000_0103;

    /// <summary>MSR_KVM_WALL_CLOCK_NEW.</summary>
    public const uint KvmWallClock = 0x4B56_4D00;

    /// <summary>MSR_KVM_SYSTEM_TIME_NEW.</summary>
    public const uint KvmSystemTime = 0x4B56_4D01;
}
