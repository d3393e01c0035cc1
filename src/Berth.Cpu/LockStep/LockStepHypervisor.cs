using Berth.Machine;

namespace Berth.Cpu.LockStep;

/// <summary>Machines of one processor that run everything twice, translated and interpreted, and compare. Their devices, which know only the first, must
/// take their time from <paramref name="clock"/> and have no timer thread.</summary>
/// <param name="clock">Time that passes by instructions.</param>
/// <param name="runDueTimers">Runs what is due; gives the next deadline in nanoseconds, null if there is none.</param>
/// <param name="compareMemoryEvery">Instructions between comparisons of all memory.</param>
public sealed class LockStepHypervisor(LockStepClock clock, Func<ulong?> runDueTimers, ulong compareMemoryEvery = 20_000_000) : IHypervisor
{
    /// <inheritdoc/>
    public string Name => "lock-step";

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">More than one processor was asked for.</exception>
    public IVirtualMachine CreateMachine(VirtualMachineConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.CpuCount != 1) throw new ArgumentException("Only machines of one processor run in lock-step.", nameof(config));
        return new LockStepMachine(config, clock, runDueTimers, compareMemoryEvery);
    }
}
