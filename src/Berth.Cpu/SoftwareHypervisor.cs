using Berth.Machine;

namespace Berth.Cpu;

/// <summary>The software x86-64 CPU: runs on any host, without hardware virtualization.</summary>
/// <param name="translate">Whether hot 64-bit code is translated, where the host allows it, instead of interpreted.</param>
public sealed class SoftwareHypervisor(bool translate = true) : IHypervisor
{
    /// <inheritdoc/>
    public string Name => "software";

    /// <inheritdoc/>
    public IVirtualMachine CreateMachine(VirtualMachineConfig config) => new SoftwareMachine(config, translate);
}
