namespace Berth.Machine.Tests;

public sealed class BusTests
{
    private sealed class Recorder : IPortDevice, IMmioDevice
    {
        public List<string> Log { get; } = [];

        public uint ReadPort(int offset, int size)
        {
            Log.Add($"r{offset}.{size}");
            return 0xAABBCCDD;
        }

        public void WritePort(int offset, int size, uint value) => Log.Add($"w{offset}.{size}={value:x}");

        public ulong ReadMmio(ulong offset, int size)
        {
            Log.Add($"r{offset}.{size}");
            return 0x1122_3344_AABB_CCDD;
        }

        public void WriteMmio(ulong offset, int size, ulong value) => Log.Add($"w{offset}.{size}={value:x}");
    }

    [Fact]
    public void Port_Unclaimed_ReadsOnes()
    {
        var bus = new PortBus();
        Assert.Equal(0xFFu, bus.Read(0x60, 1));
        Assert.Equal(0xFFFF_FFFFu, bus.Read(0xFFFE, 4));
        bus.Write(0x60, 4, 1);
    }

    [Fact]
    public void Port_AcrossTheEdge_IsSplitIntoBytes()
    {
        var bus = new PortBus();
        var device = new Recorder();
        bus.Add(new PortRange(0x20, 2), device);
        Assert.Equal(0xCCDDu, bus.Read(0x20, 2));
        Assert.Equal(0xFFDDu, bus.Read(0x21, 2));
        bus.Write(0x1F, 2, 0x1234);
        Assert.Equal(["r0.2", "r1.1", "w0.1=12"], device.Log);
        Assert.Throws<ArgumentException>(() => bus.Add(new PortRange(0x21, 4), device));
        bus.Remove(new PortRange(0x20, 2));
        Assert.Equal(0xFFu, bus.Read(0x20, 1));
    }

    [Fact]
    public void Mmio_InsideAndOutside_GoesToTheOwner()
    {
        var bus = new MmioBus();
        var device = new Recorder();
        bus.Add(0xFEC0_0000, 0x1000, device);
        Assert.Equal(0xAABB_CCDDul, bus.Read(0xFEC0_0010, 4));
        Assert.Equal(ulong.MaxValue, bus.Read(0xFEC0_1000, 8));
        bus.Write(0xFEC0_0FFC, 4, 5);
        Assert.Equal(["r16.4", "w4092.4=5"], device.Log);
        Assert.Throws<ArgumentException>(() => bus.Add(0xFEC0_0FFF, 1, device));
    }
}
