using Berth.Devices.Chipset;
using Berth.Devices.Pci;
using Berth.Devices.Tests.Virtio;
using Berth.Devices.Virtio;
using Berth.Machine;

namespace Berth.Devices.Tests.Fuzz;

public sealed class PciFuzz
{
    private const ulong Ecam = PlatformMap.EcamBase;

    [Fact]
    public void Configuration_RandomAccesses_ChangeOnlyWhatIsWritable()
    {
        Random random = FuzzRun.Random(20);
        using var rig = new Rig(new VirtioEntropy());
        rig.Bus.Add(2, new PortFunction());
        rig.Mmio.Add(IoApic.DefaultAddress, IoApic.Length, new IoApic(rig.Messages));
        uint[] identity = Identity(rig);
        for (int i = FuzzRun.Rounds(20_000); i > 0; i--)
        {
            int device = random.Next(4), offset = random.Next(256);
            uint value = random.Next(3) == 0 ? (uint)Address(random) : (uint)random.Value();
            switch (random.Next(6))
            {
                case 0: rig.Ports.Write(0xCF8, random.PortSize(), (uint)random.Value()); break;
                case 1: rig.Ports.Write((ushort)(0xCF8 + random.Next(8)), random.PortSize(), value); break;
                case 2: rig.Mmio.Write(Ecam + (ulong)random.Next(1 << 20), random.MemorySize(), random.Value()); break;
                case 3: rig.Mmio.Read(Ecam + (ulong)random.Next(1 << 20), random.MemorySize()); break;
                case 4: rig.Mmio.Write(Address(random) + (ulong)random.Next(0x4000), random.MemorySize(), random.Value()); break;
                default:
                    rig.Ports.Write(0xCF8, 4, 0x8000_0000 | (uint)device << 11 | (uint)(offset & 0xFC));
                    rig.Ports.Write((ushort)(0xCFC + (offset & 3)), random.PortSize(), value);
                    break;
            }
            if (i % 16 != 0) continue;
            Assert.Equal(identity, Identity(rig));
            // Nobody can put a region over the interrupt controller.
            rig.Mmio.Write(IoApic.DefaultAddress, 4, 1);
            Assert.Equal(0x0017_0020UL, rig.Mmio.Read(IoApic.DefaultAddress + 0x10, 4));
        }
        // A driver that starts from the beginning finds a device that works.
        rig.Bus.Reset();
        rig.ConfigWrite(0x10, (uint)Rig.Base);
        rig.ConfigWrite(0x04, 6);
        rig.Start();
        rig.Offer(0, (0x50_0000, 32, true));
        Assert.Equal(32u, rig.Done(0));
    }

    [Fact]
    public void MsixTable_RandomAccesses_SendOnlyEnabledVectors()
    {
        Random random = FuzzRun.Random(21);
        var messages = new RecordingMessages();
        var table = new MsixTable(5, messages);
        bool open = false;
        for (int i = FuzzRun.Rounds(50_000); i > 0; i--)
        {
            ulong offset = random.Next(2) == 0 ? (ulong)random.Next(5 * 16) : (ulong)random.Next(MsixTable.Length);
            switch (random.Next(5))
            {
                case 0: table.ReadMmio(offset, random.MemorySize()); break;
                case 1: table.Raise(random.Next(-2, 200)); break;
                case 2 when random.Next(10) == 0:
                    var control = (ushort)random.Value();
                    table.SetControl(control);
                    open = (control & 0xC000) == 0x8000;
                    break;
                default: table.WriteMmio(offset, random.MemorySize(), random.Value()); break;
            }
            if (!open) Assert.Empty(messages.Sent);
            Assert.True(messages.Sent.Count <= table.Count);
            Assert.All(table.State, entry => Assert.False(open && entry.Pending && (entry.Control & 1) == 0, "A vector waits for nothing."));
            messages.Sent.Clear();
        }
    }

    private static ulong Address(Random random) => random.Next(6) switch
    {
        0 => IoApic.DefaultAddress,
        1 => Ecam,
        2 => 0xFFFF_F000,
        3 => Rig.TableBase,
        _ => Rig.Base + (ulong)random.Next(64) * 0x1000,
    };

    // What no guest may change: ids, class, header, pointers to capabilities and the ids, links and sizes of these.
    private static uint[] Identity(Rig rig)
    {
        List<uint> all = [];
        for (ulong device = 0; device < 3; device++)
        {
            ulong at = Ecam + (device << 15);
            foreach (ulong offset in (ulong[])[0x00, 0x08, 0x2C]) all.Add((uint)rig.Mmio.Read(at + offset, 4));
            foreach (ulong offset in (ulong[])[0x0E, 0x34, 0x3D]) all.Add((uint)rig.Mmio.Read(at + offset, 1));
            for (ulong capability = rig.Mmio.Read(at + 0x34, 1); capability != 0; capability = rig.Mmio.Read(at + capability + 1, 1))
            {
                Assert.True(all.Count < 200, "The list of capabilities has no end.");
                all.Add((uint)rig.Mmio.Read(at + capability, 2));
            }
            // Regions keep their size and kind.
            all.Add((uint)rig.Mmio.Read(at + 0x10, 4) & 0xF);
        }
        return [.. all];
    }

    /// <summary>A function with a region of ports.</summary>
    private sealed class PortFunction : PciFunction, IPortDevice
    {
        public PortFunction() : base(new(0x1234, 0x5678, 0xFF_0000)) => AddBar(new(0, 32, null, this));

        public uint ReadPort(int offset, int size)
        {
            Assert.InRange(offset, 0, 32 - size);
            return 0;
        }

        public void WritePort(int offset, int size, uint value) => Assert.InRange(offset, 0, 32 - size);
    }
}
