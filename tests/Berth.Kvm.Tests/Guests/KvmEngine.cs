using Berth.Cpu.Tests.Guests;
using Berth.Machine;

namespace Berth.Kvm.Tests.Guests;

/// <summary>Guests on KVM. Without /dev/kvm tests are skipped at a desk and fail in CI.</summary>
internal sealed class KvmEngine : GuestEngine
{
    private static readonly Lazy<KvmHypervisor?> s_hypervisor = new(() =>
    {
        try
        {
            return KvmHypervisor.Open();
        }
        catch (KvmException e)
        {
            s_reason = e.Message;
            return null;
        }
    });

    private static string s_reason = "";

    public static GuestEngine Instance { get; } = new KvmEngine();

    /// <summary>The hypervisor, or an end of the test.</summary>
    public static KvmHypervisor Hypervisor
    {
        get
        {
            if (s_hypervisor.Value is { } hypervisor) return hypervisor;
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(s_reason);
            Assert.Skip(s_reason);
            return null!;
        }
    }

    /// <summary>Whether KVM runs guests without the processor's help.</summary>
    public static bool IsPageTableBased { get; } = !File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("flags", StringComparison.Ordinal)).Split(' ').Any(flag => flag is "vmx" or "svm");

    public override IVirtualMachine CreateMachine(VirtualMachineConfig config) => Hypervisor.CreateMachine(config);

    public override IVirtualCpu Watch(IVirtualCpu cpu) => new WatchedCpu((KvmCpu)cpu);
}
