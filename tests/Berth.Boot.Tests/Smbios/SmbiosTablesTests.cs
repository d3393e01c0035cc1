using System.Buffers.Binary;
using Berth.Boot.Smbios;
using Berth.Machine;

namespace Berth.Boot.Tests.Smbios;

public class SmbiosTablesTests
{
    [Fact]
    public void Build_Structures_FormAChainThatEnds()
    {
        using var memory = new GuestMemory(5UL << 30);
        byte[] bytes = SmbiosTables.Build(new() { CpuCount = 2, SerialNumber = "abc" }, memory, 0xF_0000);
        Assert.Equal(0, (byte)bytes.Take(24).Sum(b => b));
        int at = (int)(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)) - 0xF_0000);
        List<int> types = [];
        HashSet<ushort> handles = [];
        while (at < bytes.Length)
        {
            types.Add(bytes[at]);
            Assert.True(handles.Add(BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 2))));
            at += bytes[at + 1];
            while (bytes[at] != 0 || bytes[at + 1] != 0) at++;
            at += 2;
        }
        Assert.Equal([0, 1, 3, 4, 4, 16, 17, 19, 19, 32, 127], types);
    }

    [Theory]
    [InlineData(0, 26)]
    [InlineData(1, 27)]
    [InlineData(3, 22)]
    [InlineData(4, 48)]
    [InlineData(16, 23)]
    [InlineData(17, 40)]
    [InlineData(19, 31)]
    [InlineData(32, 11)]
    public void Build_Structure_HasTheLengthOfItsVersion(int type, int length)
    {
        using var memory = new GuestMemory(64 << 20);
        byte[] bytes = SmbiosTables.Build(new(), memory, 0xF_0000);
        int at = 32;
        while (bytes[at] != type)
        {
            at += bytes[at + 1];
            while (bytes[at] != 0 || bytes[at + 1] != 0) at++;
            at += 2;
        }
        Assert.Equal(length, bytes[at + 1]);
    }
}
