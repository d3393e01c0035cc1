namespace Berth.Machine;

/// <summary>A way to run x86 guests: the software CPU, KVM. Everything above this seam is the same for all.</summary>
public interface IHypervisor
{
    /// <summary>Short name for users and logs: "software", "kvm".</summary>
    string Name { get; }

    /// <summary>Creates a machine without processors.</summary>
    IVirtualMachine CreateMachine(VirtualMachineConfig config);
}
