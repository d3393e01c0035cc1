using Berth.Cpu.Host;
using Berth.Linux.Tracing;
using Berth.Machine;

namespace Berth.Cpu;

/// <summary>Interpreted processors over one guest memory.</summary>
public sealed class SoftwareMachine : IVirtualMachine
{
    private readonly List<IVirtualCpu> _cpus = [];
    private readonly VirtualMachineConfig _config;
    private readonly StubCache _stubs = new();

    private readonly bool _translate;
    private readonly IReadOnlyList<StubProcess[]> _processes;

    internal SoftwareMachine(VirtualMachineConfig config, bool translate, IReadOnlyList<StubProcess[]> processes)
    {
        _config = config;
        _translate = translate;
        _processes = processes;
    }

    /// <inheritdoc/>
    public IReadOnlyList<IVirtualCpu> Cpus => _cpus;

    /// <inheritdoc/>
    public IInterruptSink? Interrupts => null;

    /// <inheritdoc/>
    public IVirtualCpu CreateCpu()
    {
        if (_cpus.Count >= _config.CpuCount) throw new InvalidOperationException($"The machine was configured with {_config.CpuCount} processors.");
        var cpu = new SoftwareCpu(_config, _cpus.Count, _stubs, _translate, _cpus.Count < _processes.Count ? _processes[_cpus.Count] : []);
        _cpus.Add(cpu);
        return cpu;
    }

    /// <inheritdoc/>
    public void ExternalInterruptChanged()
    {
        if (_cpus.Count > 0 && _config.ExternalInterrupts is { IsPending: true }) ((SoftwareCpu)_cpus[0]).RaiseInterrupt();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IVirtualCpu cpu in _cpus) cpu.Dispose();
        _cpus.Clear();
        _stubs.Dispose();
        foreach (StubProcess process in _processes.SelectMany(static each => each)) process.Dispose();
    }
}
