namespace Berth.Machine;

/// <summary>Processors that share one guest memory and one pair of buses.</summary>
public interface IVirtualMachine : IDisposable
{
    /// <summary>Processors made so far, by index.</summary>
    IReadOnlyList<IVirtualCpu> Cpus { get; }

    /// <summary>Where interrupt messages go on a backend with local APICs of its own; null where they are the board's.</summary>
    IInterruptSink? Interrupts { get; }

    /// <summary>Makes the next processor. Index 0 is the boot processor; others wait for INIT/SIPI.</summary>
    IVirtualCpu CreateCpu();

    /// <summary>The INTR wire of the 8259 pair went up or down. Any thread.</summary>
    void ExternalInterruptChanged();
}
