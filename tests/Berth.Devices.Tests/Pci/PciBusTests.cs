using Berth.Devices.Chipset;
using Berth.Devices.Pci;
using Berth.Devices.Tests.Virtio;
using Berth.Devices.Virtio;
using Berth.Machine;

namespace Berth.Devices.Tests.Pci;

/// <summary>Functions that come and go while the machine runs.</summary>
public sealed class PciBusTests
{
    private static VirtioNet Card() => new(new Loopback(), [2, 0, 0, 0, 0, 1]);

    [Fact]
    public void Remove_DeviceInUse_NumberAndRegionsAnswerNothing()
    {
        using var rig = new Rig(Card());
        rig.Start();
        rig.Bus.Remove(1);
        Assert.Equal(uint.MaxValue, rig.ConfigRead(0));
        Assert.Equal(uint.MaxValue, rig.Mmio.Read(Rig.Common + 0x14, 4));
        Assert.Equal(uint.MaxValue, rig.Mmio.Read(Rig.TableBase, 4));
        Assert.Null(rig.Bus.Functions[1]);
        Assert.Equal(1, rig.Bus.FreeDevice);
    }

    [Fact]
    public void Remove_InterruptUp_LineGoesDownAndStays()
    {
        using var rig = new Rig(Card(), msix: false);
        rig.Start();
        rig.Offer(0, (0x1000, 2048, true));
        rig.Memory.Write(0x2000, new byte[80]);
        rig.Offer(1, (0x2000, 80, false));
        Assert.True(rig.Line.High);
        rig.Bus.Remove(1);
        Assert.False(rig.Line.High);
        // A processor that found the device before and drives it now: a broken queue and a changed configuration would interrupt.
        int rises = rig.Line.Rises;
        rig.Function.WriteMmio(0x08, 4, 1);
        rig.Function.WriteMmio(0x0C, 4, 1);
        rig.Function.WriteMmio(0x14, 1, 11);
        rig.Function.WriteMmio(0x14, 1, 15);
        Assert.Equal(15u, rig.Function.ReadMmio(0x14, 1) & 0xFF);
        rig.Function.WriteMmio(0x20, 8, ulong.MaxValue);
        rig.Function.WriteMmio(0x1C, 2, 1);
        rig.Function.ConfigChanged();
        Assert.Equal(rises, rig.Line.Rises);
    }

    [Fact]
    public void Remove_ProcessorStillAtIt_MapsNothingAndTouchesNoMemory()
    {
        using var rig = new Rig(Card());
        rig.Start();
        rig.Bus.Remove(1);
        rig.Function.WriteConfiguration(0x10, 4, (uint)Rig.Base);
        rig.Function.WriteConfiguration(0x14, 4, (uint)Rig.TableBase);
        rig.Function.WriteConfiguration(0x04, 2, 6);
        Assert.Equal(uint.MaxValue, rig.Mmio.Read(Rig.Common + 0x14, 4));
        byte[] before = rig.Bytes(0, (int)rig.Memory.Size);
        int sent = rig.Messages.Sent.Count;
        rig.Function.WriteMmio(0x14, 1, 15);
        rig.Function.WriteMmio(0x3000, 2, 0);
        rig.Function.WriteMmio(0x3004, 2, 1);
        Assert.Equal(before, rig.Bytes(0, (int)rig.Memory.Size));
        Assert.Equal(sent, rig.Messages.Sent.Count);
    }

    [Fact]
    public void Add_WhereOneWasRemoved_WorksAtTheSameRegions()
    {
        using var rig = new Rig(new VirtioEntropy());
        rig.Bus.Remove(1);
        var second = new VirtioPciFunction(Card(), rig.Memory, rig.Messages, rig.Line, static work => work());
        rig.Bus.Add(1, second);
        Assert.Equal(0x1041_1AF4u, rig.ConfigRead(0));
        Assert.Equal(0u, rig.ConfigRead(0x10));
        rig.ConfigWrite(0x10, (uint)Rig.Base);
        rig.ConfigWrite(0x14, (uint)Rig.TableBase);
        rig.ConfigWrite(0x04, 6);
        rig.Start();
        rig.Memory.Write(0x2000, new byte[80]);
        rig.Offer(1, (0x2000, 80, false));
        Assert.Equal(0u, rig.Done(1));
    }

    [Fact]
    public void Remove_NobodyThereOrTheBridge_NothingOrRefused()
    {
        using var rig = new Rig(Card());
        rig.Bus.Remove(7);
        Assert.Throws<ArgumentException>(() => rig.Bus.Remove(0));
        Assert.NotEqual(uint.MaxValue, rig.ConfigRead(0));
    }

    [Fact]
    public void FreeDevice_FullBus_IsNone()
    {
        using var rig = new Rig(Card());
        while (rig.Bus.FreeDevice is { } free) rig.Bus.Add(free, new PciFunction(new(1, 2, 0)));
        Assert.DoesNotContain(null, rig.Bus.Functions);
        rig.Bus.Remove(9);
        Assert.Equal(9, rig.Bus.FreeDevice);
    }

    [Fact]
    public void Add_AfterTheEndOfTheMachine_NeverTouchesMemory()
    {
        using var rig = new Rig(new VirtioEntropy());
        rig.Bus.Stop();
        rig.Bus.Remove(1);
        rig.Bus.Add(1, new VirtioPciFunction(new VirtioEntropy(), rig.Memory, rig.Messages, rig.Line, static work => work()));
        rig.ConfigWrite(0x10, (uint)Rig.Base);
        rig.ConfigWrite(0x04, 6);
        rig.Start();
        rig.Offer(0, (0x1000, 64, true));
        Assert.Null(rig.Done(0));
        Assert.Equal(new byte[64], rig.Bytes(0x1000, 64));
    }

    /// <summary>A device comes and goes while processors are at its registers, its regions and its doorbells, with and without messages.</summary>
    [Fact(Timeout = 120_000)]
    public async Task AddAndRemove_ProcessorsAtTheDevice_LeavesNothingBehind()
    {
        int messageControl;
        using (var rig = new Rig(new VirtioEntropy())) messageControl = rig.FindCapability(0x11) + 2;
        using var memory = new GuestMemory(1 << 20);
        PortBus ports = new();
        MmioBus mmio = new();
        var messages = new CountingMessages();
        var io = new IoApic(messages);
        var bus = new PciBus(ports, mmio, new InterruptRouter(null, io), null);
        using var over = new CancellationTokenSource();
        Task[] processors = [.. Enumerable.Range(0, 3).Select(i => Task.Factory.StartNew(() => Processor(mmio, messageControl, i, over.Token), TaskCreationOptions.LongRunning))];
        for (int i = 0; i < 3000; i++)
        {
            var line = new CountingLine();
            var function = new VirtioPciFunction(new VirtioEntropy(), memory, messages, line);
            bus.Add(5, function);
            for (int turn = i % 50; turn > 0; turn--) Thread.Yield();
            bus.Remove(5);
            long sent = messages.Sent;
            Assert.Equal(0, line.Level);
            Assert.Equal(ulong.MaxValue >> 32, mmio.Read(PlatformMap.EcamBase + (5 << 15), 4));
            Assert.Equal(ulong.MaxValue >> 32, mmio.Read(Rig.Base, 4));
            Assert.Equal(sent, messages.Sent);
        }
        await over.CancelAsync();
        await Task.WhenAll(processors);
    }

    // What a driver does, in any order and with wrong turns: maps the regions, negotiates, enables a queue, rings.
    private static void Processor(MmioBus mmio, int messageControl, int salt, CancellationToken over)
    {
        var random = new Random(salt);
        const ulong Configuration = PlatformMap.EcamBase + (5 << 15);
        while (!over.IsCancellationRequested)
        {
            switch (random.Next(9))
            {
                case 0: mmio.Write(Configuration + 0x10, 4, Rig.Base); break;
                case 1: mmio.Write(Configuration + 0x14, 4, Rig.TableBase); break;
                case 2: mmio.Write(Configuration + 0x04, 2, (ulong)random.Next(8)); break;
                case 3: mmio.Write(Rig.Common + 0x14, 1, (ulong)(random.Next(5) switch { 0 => 0, 1 => 1, 2 => 3, 3 => 11, _ => 15 })); break;
                case 4:
                    mmio.Write(Rig.Common + 0x08, 4, 1);
                    mmio.Write(Rig.Common + 0x0C, 4, 1);
                    break;
                case 5:
                    mmio.Write(Rig.Common + 0x20, 8, (ulong)random.Next(1 << 21) & ~0xFFFUL);
                    mmio.Write(Rig.Common + 0x28, 8, (ulong)random.Next(1 << 21) & ~0xFFFUL);
                    mmio.Write(Rig.Common + 0x30, 8, (ulong)random.Next(1 << 21) & ~0xFFFUL);
                    mmio.Write(Rig.Common + 0x1C, 2, 1);
                    break;
                case 6: mmio.Write(Rig.Notify, 2, 0); break;
                case 7:
                    mmio.Write(Rig.TableBase + 12, 4, (ulong)random.Next(2));
                    mmio.Write(Configuration + (ulong)messageControl, 2, (ulong)random.Next(2) << 15);
                    break;
                default: mmio.Read(Rig.Base + (ulong)random.Next(0x3000), 4); break;
            }
        }
    }

    private sealed class CountingMessages : IMessageInterrupts
    {
        private long _sent;

        public long Sent => Interlocked.Read(ref _sent);

        public void Send(ulong address, uint data) => Interlocked.Increment(ref _sent);
    }

    private sealed class CountingLine : IInterruptLine
    {
        private int _level;

        public int Level => Volatile.Read(ref _level);

        public void Set(bool high) => Volatile.Write(ref _level, high ? 1 : 0);
    }
}
