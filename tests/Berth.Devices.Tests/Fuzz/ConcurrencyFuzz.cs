using Berth.Devices.Chipset;
using Berth.Devices.Pci;
using Berth.Devices.Timing;
using Berth.Devices.Virtio;
using Berth.Machine;

namespace Berth.Devices.Tests.Fuzz;

/// <summary>Several processors at once at everything that passes interrupts on, while timers run: a wrong order of locks stops them all.</summary>
public sealed class ConcurrencyFuzz
{
    private const int Processors = 4;

    [Fact(Timeout = 120_000)]
    public async Task Board_ProcessorsAtAllDevices_NeverWaitForEachOther()
    {
        var clock = new GuestClock(TimeProvider.System);
        using var timers = new DeviceTimers(clock);
        using var memory = new GuestMemory(1 << 20);
        PortBus ports = new();
        MmioBus mmio = new();
        ApicBus apics = new();
        int changes = 0;
        var pic = new Pic(() => Interlocked.Increment(ref changes));
        var io = new IoApic(apics);
        apics.EndOfInterrupt = io.EndOfInterrupt;
        var router = new InterruptRouter(pic, io);
        pic.Attach(ports);
        mmio.Add(IoApic.DefaultAddress, IoApic.Length, io);
        new Pit(timers, router.IsaLine(0)).Attach(ports);
        new CmosRtc(TimeProvider.System, timers, router.IsaLine(8), memory.Size).Attach(ports);
        var uart = new Uart16550(router.IsaLine(4), timers, new NullSink());
        uart.Attach(ports, 0x3F8);
        var pci = new PciBus(ports, mmio, router, null);
        pci.Add(1, new VirtioPciFunction(new VirtioEntropy(), memory, apics, pci.InterruptLine(1)));
        LocalApic[] cpus = [.. Enumerable.Range(0, Processors).Select(i => new LocalApic(i, new RecordingSignals(), apics, timers))];
        foreach (LocalApic cpu in cpus) cpu.WriteMmio(0xF0, 0x1FF);
        timers.Start();
        await Task.WhenAll(Enumerable.Range(0, Processors).Select(i => Task.Factory.StartNew(
            () => Processor(ports, mmio, uart, pic, cpus[i], FuzzRun.Random(30 + i)), TaskCreationOptions.LongRunning)));
        pci.Stop();
        Assert.NotEqual(0, changes);
    }

    private static void Processor(PortBus ports, MmioBus mmio, Uart16550 uart, Pic pic, LocalApic cpu, Random random)
    {
        ReadOnlySpan<ushort> known = [0x20, 0x21, 0xA0, 0xA1, 0x40, 0x43, 0x61, 0x70, 0x71, 0x3F8, 0x3F9, 0x3FA, 0x3FC, 0xCF8, 0xCFC];
        for (int i = FuzzRun.Rounds(50_000); i > 0; i--)
        {
            ulong value = random.Value();
            switch (random.Next(7))
            {
                case 0: ports.Write(known[random.Next(known.Length)], random.PortSize(), (uint)value); break;
                case 1: ports.Read(known[random.Next(known.Length)], random.PortSize()); break;
                case 2: mmio.Write(IoApic.DefaultAddress + 0x10 * (value & 1), 4, value >> 8); break;
                case 3: mmio.Write(PlatformMap.EcamBase + (1 << 15) + (value & 0xFC), 4, value >> 8); break;
                case 4: cpu.WriteMmio(random.Next(0x40) << 4, (uint)value); break;
                case 5:
                    cpu.Acknowledge();
                    cpu.WriteMmio(0xB0, 0);
                    break;
                default:
                    uart.Receive([1, 2]);
                    if (pic.IsPending) pic.Acknowledge();
                    break;
            }
        }
    }
}
