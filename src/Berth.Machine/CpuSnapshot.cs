using Berth.X86;

namespace Berth.Machine;

/// <summary>Everything of one processor at rest that a guest can tell, in the same form on every backend. Spec: [SDM3].</summary>
public sealed record CpuSnapshot
{
    /// <summary>Registers that every backend saves, where it has them, in the order in which they must be loaded: the counter before its deadline.</summary>
    public static IReadOnlyList<uint> SavedMsrs { get; } =
    [
        Msr.Tsc, Msr.TscAdjust, Msr.SpeculationControl, Msr.SysenterCs, Msr.SysenterEsp, Msr.SysenterEip, Msr.MachineCheckStatus, Msr.MiscEnable, Msr.DebugControl,
        .. Enumerable.Range((int)Msr.MtrrPhysicalBase0, 16).Select(i => (uint)i), Msr.MtrrFix64K, 0x258, 0x259,
        .. Enumerable.Range(0x268, 8).Select(i => (uint)i), Msr.Pat, Msr.MtrrDefaultType, Msr.Star, Msr.Lstar, Msr.Cstar, Msr.Fmask, Msr.KernelGsBase, Msr.TscAux,
        Msr.KvmWallClock, Msr.KvmSystemTime, Msr.TscDeadline,
    ];

    /// <summary>General, segment, control and debug registers.</summary>
    public required CpuRegisters Registers { get; init; }

    /// <summary>x87, SSE and AVX in the standard XSAVE format.</summary>
    public required byte[] ExtendedState { get; init; }

    /// <summary>Model-specific registers, in the order of <see cref="SavedMsrs"/>.</summary>
    public required IReadOnlyList<(uint Index, ulong Value)> Msrs { get; init; }

    /// <summary>What the processor was doing.</summary>
    public CpuActivity Activity { get; init; }

    /// <summary>Interrupts are held off for one instruction (STI, MOV SS).</summary>
    public bool InterruptShadow { get; init; }

    /// <summary>A non-maskable interrupt waits.</summary>
    public bool NmiPending { get; init; }

    /// <summary>Non-maskable interrupts are held off until IRET.</summary>
    public bool NmiMasked { get; init; }

    /// <summary>An event that has been taken but whose handler has not begun.</summary>
    public CpuEvent? Event { get; init; }

    /// <summary>The local APIC; null where the processor has none.</summary>
    public ApicSnapshot? Apic { get; init; }
}
