namespace Berth.X86;

/// <summary>Bits of CR4. Spec: [SDM3] 2.5.</summary>
public static class Cr4
{
    /// <summary>VME.</summary>
    public const ulong Virtual8086Extensions = 1UL << 0;

    /// <summary>PVI.</summary>
    public const ulong ProtectedVirtualInterrupts = 1UL << 1;

    /// <summary>TSD.</summary>
    public const ulong TimeStampDisable = 1UL << 2;

    /// <summary>DE.</summary>
    public const ulong DebuggingExtensions = 1UL << 3;

    /// <summary>PSE.</summary>
    public const ulong PageSizeExtensions = 1UL << 4;

    /// <summary>PAE.</summary>
    public const ulong PhysicalAddressExtension = 1UL << 5;

    /// <summary>MCE.</summary>
    public const ulong MachineCheck = 1UL << 6;

    /// <summary>PGE.</summary>
    public const ulong PageGlobal = 1UL << 7;

    /// <summary>PCE.</summary>
    public const ulong PerformanceCounters = 1UL << 8;

    /// <summary>OSFXSR.</summary>
    public const ulong Fxsr = 1UL << 9;

    /// <summary>OSXMMEXCPT.</summary>
    public const ulong SimdExceptions = 1UL << 10;

    /// <summary>UMIP.</summary>
    public const ulong Umip = 1UL << 11;

    /// <summary>LA57.</summary>
    public const ulong FiveLevels = 1UL << 12;

    /// <summary>FSGSBASE.</summary>
    public const ulong Fsgsbase = 1UL << 16;

    /// <summary>PCIDE.</summary>
    public const ulong Pcid = 1UL << 17;

    /// <summary>OSXSAVE.</summary>
    public const ulong Xsave = 1UL << 18;

    /// <summary>SMEP.</summary>
    public const ulong Smep = 1UL << 20;

    /// <summary>SMAP.</summary>
    public const ulong Smap = 1UL << 21;

    /// <summary>Bits that software may set on the baseline model.</summary>
    public const ulong Supported = Virtual8086Extensions | ProtectedVirtualInterrupts | TimeStampDisable | DebuggingExtensions | PageSizeExtensions | PhysicalAddressExtension
        | MachineCheck | PageGlobal | PerformanceCounters | Fxsr | SimdExceptions | Umip | Fsgsbase | Pcid | Xsave | Smep | Smap;
}
