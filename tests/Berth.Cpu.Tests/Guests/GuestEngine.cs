using Berth.Machine;

namespace Berth.Cpu.Tests.Guests;

/// <summary>What a test's guest runs on.</summary>
public abstract class GuestEngine
{
    public static GuestEngine Interpreter { get; } = new SoftwareEngine(translate: false);

    public static GuestEngine Translator { get; } = new SoftwareEngine(translate: true);

    public abstract IVirtualMachine CreateMachine(VirtualMachineConfig config);

    /// <summary>Called for each new processor.</summary>
    public virtual void Prepare(IVirtualCpu cpu)
    {
    }

    /// <summary>The processor as tests use it.</summary>
    public virtual IVirtualCpu Watch(IVirtualCpu cpu) => cpu;

    private sealed class SoftwareEngine(bool translate) : GuestEngine
    {
        public override IVirtualMachine CreateMachine(VirtualMachineConfig config) => new SoftwareHypervisor(translate).CreateMachine(config);

        // Every block is translated at once.
        public override void Prepare(IVirtualCpu cpu)
        {
            if (((SoftwareCpu)cpu).Core.Translator is { } translator) translator.Threshold = 0;
        }
    }
}
