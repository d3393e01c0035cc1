using Berth.Cpu;
using Berth.Devices.Chipset;
using Berth.Devices.Timing;
using Berth.Kvm.Probe;
using Berth.Kvm.Tests.Guests;
using Berth.Machine;

namespace Berth.Kvm.Tests;

public sealed class ProbeTests
{
    // With hardware behind it KVM must pass; without, it must fail for a reason that is one.
    [Fact]
    public void Run_OnThisHost_SaysWhatGuestsWouldFind()
    {
        _ = KvmEngine.Hypervisor;
        ProbeResult result = KvmProbe.Run();
        TestContext.Current.TestOutputHelper?.WriteLine(result.Reason);
        Assert.Equal((!KvmEngine.IsPageTableBased, true), (result.Passed, result.Reason.Length > 20));
        if (KvmEngine.IsPageTableBased) Assert.Contains("KVM", result.Reason);
    }

    // The guest itself is in order: the software processor runs all of it.
    [Fact]
    public void Guest_OnTheSoftwareProcessor_PassesEveryStage()
    {
        using GuestMemory memory = new(ProbeGuest.MemorySize);
        ProbeGuest.Load(memory);
        PortBus ports = new();
        using DeviceTimers timers = new(new GuestClock(TimeProvider.System));
        ApicBus bus = new();
        int ended = -1;
        bus.EndOfInterrupt = vector => ended = vector;
        using IVirtualMachine machine = new SoftwareHypervisor().CreateMachine(new()
        {
            Memory = memory,
            Ports = ports,
            Mmio = new MmioBus(),
            Clock = timers.Clock,
            LocalApics = (index, signals) => new LocalApic(index, signals, bus, timers),
        });
        IVirtualCpu cpu = machine.CreateCpu();
        Stages stages = new(bus);
        ports.Add(new(ProbeGuest.StagePort, 1), stages);
        timers.Start();
        cpu.SetRegisters(ProbeGuest.Registers);
        CpuExit exit = cpu.Run();
        Assert.Equal(new(CpuExitReason.Halted), exit);
        Assert.Equal([0, 1, 2, 3, 4, ProbeGuest.LevelStage, ProbeGuest.LoopStage, ProbeGuest.Success], stages.Seen);
        Assert.Equal(ProbeGuest.LevelVector, ended);
    }

    private sealed class Stages(ApicBus bus) : IPortDevice
    {
        public List<uint> Seen { get; } = [];

        public uint ReadPort(int offset, int size) => 0;

        public void WritePort(int offset, int size, uint value)
        {
            Seen.Add(value);
            if (value == ProbeGuest.LevelStage) bus.Send(0xFEE0_0000, 0xC000u | ProbeGuest.LevelVector);
        }
    }

    [Fact]
    public void Run_WithoutTheDevice_SaysSo()
    {
        ProbeResult result = KvmProbe.Run("/dev/no-kvm");
        Assert.False(result.Passed);
        Assert.Contains("/dev/no-kvm", result.Reason);
    }

    [Fact]
    public void Run_OnAnotherDevice_SaysThatItIsNone()
    {
        ProbeResult result = KvmProbe.Run("/dev/null");
        Assert.False(result.Passed);
        Assert.Contains("no KVM device", result.Reason);
    }
}
