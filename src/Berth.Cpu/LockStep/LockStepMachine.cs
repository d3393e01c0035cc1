using Berth.Machine;

namespace Berth.Cpu.LockStep;

/// <summary>The machine that <see cref="LockStepHypervisor"/> makes.</summary>
internal sealed class LockStepMachine(VirtualMachineConfig config, LockStepClock clock, Func<ulong?> runDueTimers, ulong compareMemoryEvery) : IVirtualMachine
{
    private readonly List<IVirtualCpu> _cpus = [];

    public IReadOnlyList<IVirtualCpu> Cpus => _cpus;

    public IInterruptSink? Interrupts => null;

    public IVirtualCpu CreateCpu()
    {
        if (_cpus.Count > 0) throw new InvalidOperationException("The machine was configured with one processor.");
        var cpu = new LockStepCpu(config, clock, runDueTimers, compareMemoryEvery);
        _cpus.Add(cpu);
        return cpu;
    }

    public void ExternalInterruptChanged()
    {
        if (_cpus.Count > 0) ((LockStepCpu)_cpus[0]).ExternalInterruptChanged();
    }

    public void Dispose()
    {
        foreach (IVirtualCpu cpu in _cpus) cpu.Dispose();
        _cpus.Clear();
    }
}
