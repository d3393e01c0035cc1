using Berth.Testing;

namespace Berth.Disks.Tests;

public sealed class RawDiskTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_AfterWriteAndDiscard_GivesBytesThenZeros()
    {
        using RawDisk disk = RawDisk.Create(_folder.Combine("a"), 1 << 20);
        byte[] data = new byte[8192], back = new byte[8192];
        Random.Shared.NextBytes(data);
        disk.Write(4096, data);
        disk.Flush();
        disk.Read(4096, back);
        Assert.Equal(data, back);
        disk.Discard(4096, 4096);
        disk.Read(4096, back);
        Assert.Equal(new byte[4096], back[..4096]);
        Assert.Equal(data[4096..], back[4096..]);
        Assert.Equal(1 << 20, new FileInfo(_folder.Combine("a")).Length);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(4096, 1)]
    [InlineData(4000, 97)]
    [InlineData(long.MaxValue, 4096)]
    public void Read_OutsideTheDisk_IsRefused(long offset, int length)
    {
        using RawDisk disk = RawDisk.Create(_folder.Combine("b"), 4096);
        Assert.Throws<ArgumentOutOfRangeException>(() => disk.Read(offset, new byte[length]));
        Assert.Throws<ArgumentOutOfRangeException>(() => disk.Write(offset, new byte[length]));
        Assert.Throws<ArgumentOutOfRangeException>(() => disk.Discard(offset, length));
    }

    [Fact]
    public void Open_WhileAnotherWrites_IsRefused()
    {
        using RawDisk disk = RawDisk.Create(_folder.Combine("c"), 4096);
        DiskException e = Assert.Throws<DiskException>(() => RawDisk.Open(_folder.Combine("c"), isReadOnly: false));
        Assert.Equal(DiskErrorCode.InUse, e.Code);
        using RawDisk reader = RawDisk.Open(_folder.Combine("c"), isReadOnly: true);
        Assert.Throws<InvalidOperationException>(() => reader.Write(0, new byte[512]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(1000)]
    public void Open_SizeIsNoDisk_IsRefused(int size)
    {
        File.WriteAllBytes(_folder.Combine("d"), new byte[size]);
        Assert.Equal(DiskErrorCode.InvalidImage, Assert.Throws<DiskException>(() => RawDisk.Open(_folder.Combine("d"), true)).Code);
    }
}
