using Berth.Linux;
using Berth.Machine;
using static Berth.Linux.KvmRequest;

namespace Berth.Kvm;

/// <summary>Guests on the host's processor through /dev/kvm. Spec: [KVM].</summary>
public sealed class KvmHypervisor : IHypervisor, IDisposable
{
    /// <summary>The device.</summary>
    public const string DevicePath = "/dev/kvm";

    private static readonly (int Number, string Name)[] s_needed =
    [
        (Libc.KVM_CAP_USER_MEMORY, "memory slots"), (Libc.KVM_CAP_SET_TSS_ADDR, "the TSS address"), (Libc.KVM_CAP_SET_IDENTITY_MAP_ADDR, "the identity map's address"),
        (Libc.KVM_CAP_EXT_CPUID, "CPUID"), (Libc.KVM_CAP_MP_STATE, "the state of processors"), (Libc.KVM_CAP_IRQ_ROUTING, "interrupt routing"),
        (Libc.KVM_CAP_IRQFD, "irqfd"), (Libc.KVM_CAP_IOEVENTFD, "ioeventfd"), (Libc.KVM_CAP_ADJUST_CLOCK, "the clock"), (Libc.KVM_CAP_VCPU_EVENTS, "pending events"),
        (Libc.KVM_CAP_DEBUGREGS, "debug registers"), (Libc.KVM_CAP_XSAVE, "extended state"), (Libc.KVM_CAP_XCRS, "extended control registers"),
        (Libc.KVM_CAP_GET_TSC_KHZ, "the TSC's frequency"), (Libc.KVM_CAP_TSC_DEADLINE_TIMER, "the TSC deadline timer"), (Libc.KVM_CAP_SIGNAL_MSI, "messages"),
        (Libc.KVM_CAP_SPLIT_IRQCHIP, "the split interrupt controller"), (Libc.KVM_CAP_IMMEDIATE_EXIT, "immediate exits"),
        (Libc.KVM_CAP_X86_USER_SPACE_MSR, "MSR exits"), (Libc.KVM_CAP_X86_MSR_FILTER, "MSR filters"),
    ];

    private readonly FileDescriptor _device;

    private KvmHypervisor(FileDescriptor device) => _device = device;

    /// <summary>Opens the device. That it opens does not mean that every guest runs.</summary>
    /// <exception cref="KvmException">There is none, it may not be opened, or it lacks what Berth needs.</exception>
    public static KvmHypervisor Open(string path = DevicePath)
    {
        FileDescriptor device;
        try
        {
            device = Libc.Open(path, Libc.O_RDWR | Libc.O_CLOEXEC);
        }
        catch (LinuxException e)
        {
            throw new KvmException(e.Message);
        }
        try
        {
            int version = Libc.Kvm(device, KVM_GET_API_VERSION);
            if (version != Libc.KVM_API_VERSION) throw new KvmException($"{path} speaks version {version} of its interface, not {Libc.KVM_API_VERSION}");
            string[] missing = [.. s_needed.Where(c => Libc.TryKvm(device, KVM_CHECK_EXTENSION, c.Number) <= 0).Select(c => c.Name)];
            if (missing.Length > 0) throw new KvmException($"{path} lacks {string.Join(", ", missing)}");
            return new KvmHypervisor(device);
        }
        catch (LinuxException e)
        {
            device.Dispose();
            throw new KvmException($"{path} is no KVM device: {e.Message}");
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name => "kvm";

    /// <inheritdoc/>
    /// <exception cref="LinuxException">The kernel refused something.</exception>
    public IVirtualMachine CreateMachine(VirtualMachineConfig config) => Create(config);

    internal KvmMachine Create(VirtualMachineConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new KvmMachine(_device, config);
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();
}
