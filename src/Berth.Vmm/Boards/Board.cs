using Berth.Boot;
using Berth.Boot.Acpi;
using Berth.Devices.Chipset;
using Berth.Devices.Pci;
using Berth.Devices.Timing;
using Berth.Devices.Virtio;
using Berth.Machine;
using Berth.Vmm.Networks;
using Berth.X86;

namespace Berth.Vmm.Boards;

/// <summary>One machine from power-on to its end: memory, buses, interrupt controllers, the devices of the catalogue, and a thread for each
/// processor. A reset is a new board.</summary>
internal sealed class Board : IMachinePower, IDisposable
{
    private const int ProcessorStack = 1 << 20;

    private readonly TaskCompletionSource<(BoardEnd End, string? Detail)> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ApicBus _apics = new();
    private readonly IVirtualMachine _machine;
    private readonly List<Thread> _threads = [];
    private readonly Lock _slots = new(); // cards may come and go from other threads
    private volatile bool _stopping;
    private bool _disposed;

    /// <summary>A board at rest; the memory is its own from now on.</summary>
    public Board(IHypervisor hypervisor, GuestMemory memory, int cpus, BoardBackends backends)
    {
        Backends = backends;
        Memory = memory;
        var clock = new GuestClock(TimeProvider.System);
        Timers = new DeviceTimers(clock);
        Pic = new Pic(() => _machine?.ExternalInterruptChanged());
        _machine = hypervisor.CreateMachine(new()
        {
            Memory = Memory,
            Ports = Ports,
            Mmio = Mmio,
            Clock = clock,
            CpuCount = cpus,
            ExternalInterrupts = Pic,
            EndOfInterrupt = vector => IoApic?.EndOfInterrupt(vector),
            LocalApics = (index, signals) => new LocalApic(index, signals, _apics, Timers),
        });
        Messages = _machine.Interrupts as IMessageInterrupts ?? _apics;
        IoApic = new IoApic(Messages, _machine.Interrupts);
        _apics.EndOfInterrupt = IoApic.EndOfInterrupt;
        Router = new InterruptRouter(Pic, IoApic);
        Serial = new Uart16550(Router.IsaLine(4), Timers, backends.Serial);
        ResetPorts = new ResetPorts(this);
        Pci = new PciBus(Ports, Mmio, Router, ResetPorts);
        foreach ((_, Action<Board> attach) in DeviceCatalog.All) attach(this);
        for (int i = 0; i < cpus; i++) _machine.CreateCpu();
    }

    public BoardBackends Backends { get; }

    public GuestMemory Memory { get; }

    public PortBus Ports { get; } = new();

    public MmioBus Mmio { get; } = new();

    public DeviceTimers Timers { get; }

    public Pic Pic { get; }

    public IoApic IoApic { get; }

    /// <summary>The way of message-signalled interrupts to the processors.</summary>
    public IMessageInterrupts Messages { get; }

    public InterruptRouter Router { get; }

    public Uart16550 Serial { get; }

    public ResetPorts ResetPorts { get; }

    public PciBus Pci { get; }

    /// <summary>Completes once, when the guest or a processor ends the machine.</summary>
    public Task<(BoardEnd End, string? Detail)> Ended => _ended.Task;

    /// <summary>Puts a virtio device into the first free PCI slot, while the machine runs too, and answers the slot.</summary>
    /// <exception cref="IOException">No slot is free, or the board is no more.</exception>
    public int Add(IVirtioDevice device)
    {
        lock (_slots)
        {
            if (_disposed) throw new IOException("the machine is being switched off");
            int slot = Pci.FreeDevice ?? throw new IOException("no PCI slot is free");
            Pci.Add(slot, new VirtioPciFunction(device, Memory, Messages, Pci.InterruptLine(slot)));
            return slot;
        }
    }

    /// <summary>Takes the device out of a slot; the guest should have let go of it before.</summary>
    public void Remove(int slot)
    {
        lock (_slots)
        {
            if (!_disposed) Pci.Remove(slot);
        }
    }

    /// <summary>A device for each of what lies behind them.</summary>
    public void AddEach<T>(IEnumerable<T> backends, Func<T, IVirtioDevice> make)
    {
        foreach (T backend in backends) Add(make(backend));
    }

    /// <summary>The network cards.</summary>
    public void AddCards()
    {
        foreach (NetworkCard card in Backends.Networks) card.Attach(Add);
    }

    /// <summary>The hardware as the firmware's tables describe it.</summary>
    public AcpiPlatform Acpi => new()
    {
        CpuCount = _machine.Cpus.Count,
        Pm1EventPort = PlatformMap.AcpiPort + AcpiPm.EventOffset,
        Pm1ControlPort = PlatformMap.AcpiPort + AcpiPm.ControlOffset,
        PmTimerPort = PlatformMap.AcpiPort + AcpiPm.TimerOffset,
        GpePort = PlatformMap.AcpiPort + AcpiPm.GpeOffset,
        SoftOffType = AcpiPm.SleepTypeOff,
        SciInterrupt = PlatformMap.SciIrq,
        EcamAddress = PlatformMap.EcamBase,
        EcamBuses = PlatformMap.EcamBuses,
        PciWindow = (uint)PlatformMap.PciMemoryStart,
        PciWindowLength = (uint)(PlatformMap.PciMemoryEnd - PlatformMap.PciMemoryStart),
        PciHighWindow = PlatformMap.PciHighStart,
        PciHighWindowLength = PlatformMap.PciHighEnd - PlatformMap.PciHighStart,
    };

    /// <summary>Sets the boot processor to where the loaded kernel begins, and starts everything.</summary>
    public void Start(CpuRegisters first)
    {
        foreach (IVirtualCpu cpu in _machine.Cpus)
        {
            foreach ((uint index, ulong value) in DirectBoot.ProcessorMsrs) cpu.TryWriteMsr(index, value);
        }
        _machine.Cpus[0].SetRegisters(first);
        Timers.Start();
        foreach (IVirtualCpu cpu in _machine.Cpus)
        {
            var thread = new Thread(() => Drive(cpu), ProcessorStack) { IsBackground = true, Name = $"cpu {cpu.Index}" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    public void PowerOff() => End(BoardEnd.PowerOff);

    public void Reset() => End(BoardEnd.Reset);

    /// <summary>Stops the processors and gives everything back; the guest is not asked.</summary>
    public void Dispose()
    {
        Stop();
        foreach (Thread thread in _threads) thread.Join();
        // Backends outlive the board: what they still send must not reach memory that is gone.
        lock (_slots)
        {
            _disposed = true;
            Pci.Stop();
        }
        // Nor may a timer signal a processor that is gone.
        Timers.Dispose();
        _machine.Dispose();
        Memory.Dispose();
    }

    private void Drive(IVirtualCpu cpu)
    {
        while (!_stopping)
        {
            CpuExit exit = cpu.Run();
            switch (exit.Reason)
            {
                case CpuExitReason.Kicked: break;
                case CpuExitReason.Halted: End(BoardEnd.Halted); return;
                case CpuExitReason.Shutdown: End(BoardEnd.Reset, $"processor {cpu.Index}: {exit.Detail}"); return;
                default: End(BoardEnd.Failed, $"processor {cpu.Index}: {exit.Detail}"); return;
            }
        }
    }

    private void End(BoardEnd end, string? detail = null)
    {
        _ended.TrySetResult((end, detail));
        Stop();
    }

    private void Stop()
    {
        _stopping = true;
        foreach (IVirtualCpu cpu in _machine.Cpus) cpu.Kick();
    }
}
