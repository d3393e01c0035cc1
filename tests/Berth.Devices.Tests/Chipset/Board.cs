using Berth.Devices.Chipset;
using Berth.Devices.Timing;
using Berth.Machine;

namespace Berth.Devices.Tests.Chipset;

/// <summary>The whole chipset on its buses, without processors.</summary>
internal sealed class Board : IDisposable
{
    public Board(int cpus = 2)
    {
        Timers = new(Clock);
        Pic = new(() => PicChanges++);
        IoApic = new(Apics);
        Apics.EndOfInterrupt = IoApic.EndOfInterrupt;
        Router = new(Pic, IoApic);
        Signals = [.. Enumerable.Range(0, cpus).Select(_ => new RecordingSignals())];
        Cpus = [.. Enumerable.Range(0, cpus).Select(i => new LocalApic(i, Signals[i], Apics, Timers))];
        Pit = new(Timers, Router.IsaLine(0));
        Rtc = new(Clock, Timers, Router.IsaLine(8), 128 << 20);
        Uart = new(Router.IsaLine(4), Timers, Sink);
        Pm = new(Timers, Router.IsaLine(PlatformMap.SciIrq), Power);
        Reset = new(Power);
        Pic.Attach(Ports);
        Pit.Attach(Ports);
        Rtc.Attach(Ports);
        Uart.Attach(Ports, 0x3F8);
        Reset.Attach(Ports);
        new DebugPort().Attach(Ports);
        Ports.Add(new(PlatformMap.AcpiPort, AcpiPm.Length), Pm);
        Mmio.Add(IoApic.DefaultAddress, IoApic.Length, IoApic);
    }

    public ManualClock Clock { get; } = new();

    public DeviceTimers Timers { get; }

    public PortBus Ports { get; } = new();

    public MmioBus Mmio { get; } = new();

    public ApicBus Apics { get; } = new();

    public Pic Pic { get; }

    public int PicChanges { get; private set; }

    public IoApic IoApic { get; }

    public InterruptRouter Router { get; }

    public RecordingSignals[] Signals { get; }

    public LocalApic[] Cpus { get; }

    public Pit Pit { get; }

    public CmosRtc Rtc { get; }

    public Uart16550 Uart { get; }

    public AcpiPm Pm { get; }

    public ResetPorts Reset { get; }

    public RecordingSink Sink { get; } = new();

    public RecordingPower Power { get; } = new();

    public byte In(ushort port) => (byte)Ports.Read(port, 1);

    public void Out(ushort port, byte value) => Ports.Write(port, 1, value);

    public void InitializePic()
    {
        foreach ((ushort port, byte vector, byte cascade) in new[] { ((ushort)0x20, (byte)0x30, (byte)4), ((ushort)0xA0, (byte)0x38, (byte)2) })
        {
            Out(port, 0x11);
            Out((ushort)(port + 1), vector);
            Out((ushort)(port + 1), cascade);
            Out((ushort)(port + 1), 1);
        }
    }

    public void Redirect(int pin, ulong entry)
    {
        Mmio.Write(IoApic.DefaultAddress, 4, (ulong)(0x11 + 2 * pin));
        Mmio.Write(IoApic.DefaultAddress + 0x10, 4, entry >> 32);
        Mmio.Write(IoApic.DefaultAddress, 4, (ulong)(0x10 + 2 * pin));
        Mmio.Write(IoApic.DefaultAddress + 0x10, 4, (uint)entry);
    }

    public void Enable(int cpu) => Cpus[cpu].WriteMmio(0xF0, 0x1FF);

    public void Dispose() => Timers.Dispose();
}
