using Berth.X86;

namespace Berth.Machine;

/// <summary>What a backend needs to know of a machine. Memory and buses belong to the caller and outlive the machine.</summary>
public sealed record VirtualMachineConfig
{
    /// <summary>Guest RAM.</summary>
    public required GuestMemory Memory { get; init; }

    /// <summary>I/O ports.</summary>
    public required PortBus Ports { get; init; }

    /// <summary>Device memory.</summary>
    public required MmioBus Mmio { get; init; }

    /// <summary>TSC and paravirtual clock.</summary>
    public required IGuestClock Clock { get; init; }

    /// <summary>The processor that the guest sees; the same on every backend.</summary>
    public CpuModel Model { get; init; } = CpuModel.Baseline;

    /// <summary>Processors that <see cref="IVirtualMachine.CreateCpu"/> will be asked for.</summary>
    public int CpuCount { get; init; } = 1;

    /// <summary>Whether translated code counts its instructions, for statistics; it costs a little.</summary>
    public bool CountInstructions { get; init; }

    /// <summary>The 8259 pair, wired to the boot processor; null where the machine has none.</summary>
    public IExternalInterrupts? ExternalInterrupts { get; init; }

    /// <summary>Told the vector of each level-triggered interrupt that a processor ends, by backends with local APICs of their own. vCPU threads.</summary>
    public Action<byte>? EndOfInterrupt { get; init; }

    /// <summary>Makes the local APIC of a processor (index, its signals). Backends with in-kernel APICs do not call it.</summary>
    public Func<int, ICpuSignals, ILocalApic>? LocalApics { get; init; }
}
