namespace Berth.Machine.Tests;

public sealed class GuestMemoryTests
{
    [Fact]
    public void Regions_MoreThanTheHole_ContinuesAtFourGigabytes()
    {
        using var memory = new GuestMemory(GuestMemory.HoleStart + 0x2000);
        Assert.Equal([new MemoryRegion(0, GuestMemory.HoleStart, 0), new MemoryRegion(GuestMemory.HoleEnd, 0x2000, GuestMemory.HoleStart)], memory.Regions);
        Assert.True(memory.Write(GuestMemory.HoleEnd + 0x1FFF, [7]));
        Assert.False(memory.Write(GuestMemory.HoleEnd + 0x1FFF, [7, 8]));
        Assert.False(memory.Write(GuestMemory.HoleStart, [1]));
    }

    [Theory]
    [InlineData(0UL, 4, true)]
    [InlineData(0xFFCUL, 4, true)]
    [InlineData(0x1FFFUL, 1, true)]
    [InlineData(0x1FFFUL, 2, false)]
    [InlineData(ulong.MaxValue, 2, false)]
    [InlineData(ulong.MaxValue - 3, 8, false)]
    public void Read_AtTheEdges_TakesAllOrNothing(ulong address, int length, bool expected)
    {
        using var memory = new GuestMemory(0x2000);
        Assert.Equal(expected, memory.Read(address, new byte[length]));
    }

    [Fact]
    public unsafe void Write_WatchedPage_RaisesItsVersion()
    {
        using var memory = new GuestMemory(0x3000);
        uint* versions = (uint*)memory.VersionTable;
        memory.Write(0x1000, [1]);
        Assert.Equal(0u, versions[1]);
        memory.Watch(1);
        memory.Write(0xFFF, [1, 2]);
        Assert.Equal(1u, versions[1]);
        Assert.Equal(0u, versions[0]);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(4095UL)]
    [InlineData(ulong.MaxValue & ~0xFFFUL)]
    public void Constructor_BadSize_Throws(ulong size) => Assert.Throws<ArgumentOutOfRangeException>(() => new GuestMemory(size));
}
