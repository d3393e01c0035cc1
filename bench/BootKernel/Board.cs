using Berth.Boot.Acpi;
using Berth.Cpu;
using Berth.Cpu.LockStep;
using Berth.Devices.Chipset;
using Berth.Devices.Timing;
using Berth.Machine;
using Berth.X86;

namespace BootKernel;

/// <summary>Memory, processors and the chipset, wired as the firmware tables say; no PCI devices.</summary>
internal sealed class Board : IMachinePower, IDisposable
{
    private readonly PortBus _ports = new();
    private readonly MmioBus _mmio = new();
    private readonly DeviceTimers _timers;
    private readonly ApicBus _apics = new();
    private readonly IVirtualMachine? _machine;
    private readonly bool _timerThread;
    private readonly List<Thread> _threads = [];

    public Board(GuestMemory memory, Options options, ConsoleSink console)
    {
        int cpus = options.Cpus;
        IGuestClock clock = options.LockStep ? new LockStepClock() : new GuestClock(TimeProvider.System);
        _timers = new DeviceTimers(clock);
        _timerThread = !options.LockStep;
        var pic = new Pic(() => _machine?.ExternalInterruptChanged());
        var ioApic = new IoApic(_apics);
        _apics.EndOfInterrupt = ioApic.EndOfInterrupt;
        var router = new InterruptRouter(pic, ioApic);
        pic.Attach(_ports);
        _mmio.Add(IoApic.DefaultAddress, IoApic.Length, ioApic);
        new Pit(_timers, router.IsaLine(0)).Attach(_ports);
        new CmosRtc(new ClockTime(clock), _timers, router.IsaLine(8), memory.Size).Attach(_ports);
        new Uart16550(router.IsaLine(4), _timers, console).Attach(_ports, 0x3F8);
        var reset = new ResetPorts(this);
        reset.Attach(_ports);
        new DebugPort().Attach(_ports);
        _ports.Add(new(PlatformMap.AcpiPort, AcpiPm.Length), new AcpiPm(_timers, router.IsaLine(PlatformMap.SciIrq), this));
        IHypervisor hypervisor = clock is LockStepClock steps
            ? new LockStepHypervisor(steps, _timers.RunDue, options.CompareMemory * 1_000_000)
            : new SoftwareHypervisor(translate: !options.Interpret, options.Direct ? memory : null, options.Cpus);
        _machine = hypervisor.CreateMachine(new()
        {
            Memory = memory,
            Ports = _ports,
            Mmio = _mmio,
            Clock = clock,
            CpuCount = cpus,
            CountInstructions = options.Count,
            ExternalInterrupts = pic,
            LocalApics = (index, signals) => new LocalApic(index, signals, _apics, _timers),
        });
        for (int i = 0; i < cpus; i++) _machine.CreateCpu();
        if (options.Millions > 0 && _machine.Cpus[0] is LockStepCpu pair) pair.Limit = options.Millions * 1_000_000;
        Acpi = new AcpiPlatform
        {
            CpuCount = cpus,
            HasPci = false,
            Pm1EventPort = PlatformMap.AcpiPort + AcpiPm.EventOffset,
            Pm1ControlPort = PlatformMap.AcpiPort + AcpiPm.ControlOffset,
            PmTimerPort = PlatformMap.AcpiPort + AcpiPm.TimerOffset,
            GpePort = PlatformMap.AcpiPort + AcpiPm.GpeOffset,
            SoftOffType = AcpiPm.SleepTypeOff,
            SciInterrupt = PlatformMap.SciIrq,
            EcamBuses = 0,
        };
    }

    public AcpiPlatform Acpi { get; }

    public IReadOnlyList<IVirtualCpu> Cpus => _machine?.Cpus ?? [];

    public string? Ended { get; private set; }

    /// <summary>Whether translator and interpreter differed.</summary>
    public bool Differs { get; private set; }

    /// <summary>Instructions executed and blocks translated.</summary>
    public (ulong Instructions, long Translations) Work => Cpus.Aggregate((0UL, 0L), static (sum, cpu) => cpu switch
    {
        SoftwareCpu one => (sum.Item1 + one.Instructions, sum.Item2 + one.Translations),
        LockStepCpu pair => (sum.Item1 + pair.Instructions, sum.Item2 + pair.Translations),
        _ => sum,
    });

    /// <summary>What ran on the host's processor itself, in words.</summary>
    public string Direct => Cpus.OfType<SoftwareCpu>().Where(static cpu => cpu.DirectEntries > 0).ToArray() is { Length: > 0 } cpus
        ? $", {cpus.Sum(static cpu => cpu.DirectEntries)} times directly for {cpus.Sum(static cpu => cpu.DirectTime.TotalSeconds):F1} s" : "";

    public ManualResetEventSlim Stopped { get; } = new();

    public void Start()
    {
        if (_timerThread) _timers.Start();
        foreach (IVirtualCpu cpu in Cpus)
        {
            var thread = new Thread(() => Drive(cpu), 1 << 20) { Name = $"cpu {cpu.Index}" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    public void PowerOff() => End("power off");

    public void Reset() => End("reset");

    public void End(string why)
    {
        Ended ??= why;
        Stopped.Set();
        foreach (IVirtualCpu cpu in Cpus) cpu.Kick();
    }

    public void Join()
    {
        foreach (Thread thread in _threads) thread.Join();
    }

    public void Dispose()
    {
        End("disposed");
        Join();
        // Its callbacks signal processors.
        _timers.Dispose();
        _machine?.Dispose();
    }

    private void Drive(IVirtualCpu cpu)
    {
        while (Ended == null)
        {
            CpuExit exit;
            try
            {
                exit = cpu.Run();
            }
            catch (LockStepException e)
            {
                Differs = true;
                End(e.Message);
                return;
            }
            if (cpu is LockStepCpu pair && pair.Instructions >= pair.Limit) End("enough instructions");
            if (exit.Reason != CpuExitReason.Kicked) End($"cpu {cpu.Index}: {exit.Reason} {exit.Detail}{Describe(cpu.GetRegisters())}");
        }
    }

    private static string Describe(CpuRegisters r) => $"""

        rip {r.Rip:x} flags {r.Flags:x} cs {r.Segments[1].Selector:x} cr0 {r.Cr0:x} cr2 {r.Cr2:x} cr3 {r.Cr3:x} cr4 {r.Cr4:x} efer {r.Efer:x} idt {r.Idt}
        {string.Join(' ', r.General.Select((value, i) => $"{(GeneralRegister)i} {value:x}"))}
        """;
}
