using Berth.Cpu.Interpreter;
using Berth.Machine;

namespace Berth.Cpu.Tests.Guests;

/// <summary>What a test's guest runs on.</summary>
public abstract class GuestEngine
{
    public static GuestEngine Interpreter { get; } = new SoftwareEngine(translate: false);

    public static GuestEngine Translator { get; } = new SoftwareEngine(translate: true);

    /// <summary>The translator, and all user code on the host's processor itself.</summary>
    public static GuestEngine Direct { get; } = new SoftwareEngine(translate: true, direct: true);

    /// <summary>As <see cref="Direct"/>, with relocated code only.</summary>
    public static GuestEngine Relocated { get; } = new SoftwareEngine(translate: true, direct: true, relocate: true);

    public abstract IVirtualMachine CreateMachine(VirtualMachineConfig config);

    /// <summary>Called for each new processor.</summary>
    public virtual void Prepare(IVirtualCpu cpu)
    {
    }

    /// <summary>The processor as tests use it.</summary>
    public virtual IVirtualCpu Watch(IVirtualCpu cpu) => cpu;

    private sealed class SoftwareEngine(bool translate, bool direct = false, bool relocate = false) : GuestEngine
    {
        public override IVirtualMachine CreateMachine(VirtualMachineConfig config) =>
            new SoftwareHypervisor(translate, direct ? config.Memory : null, config.CpuCount).CreateMachine(config);

        // Every block is translated at once.
        public override void Prepare(IVirtualCpu cpu)
        {
            Core core = ((SoftwareCpu)cpu).Core;
            if (core.Translator is { } translator) translator.Threshold = 0;
            if (core.Direct is { } directly) (directly.IsAlways, directly.RelocatesAlways) = (true, relocate);
        }
    }
}
