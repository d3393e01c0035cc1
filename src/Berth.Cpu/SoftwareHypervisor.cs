using Berth.Machine;

namespace Berth.Cpu;

/// <summary>The software x86-64 CPU: runs on any host, without hardware virtualization.</summary>
public sealed class SoftwareHypervisor : IHypervisor
{
    /// <inheritdoc/>
    public string Name => "software";

    /// <inheritdoc/>
    public IVirtualMachine CreateMachine(VirtualMachineConfig config) => new SoftwareMachine(config);
}
