using Berth.Devices.Tests.Virtio;
using Berth.Devices.Virtio;

namespace Berth.Devices.Tests.Fuzz;

public sealed class VirtioFuzz
{
    private const ulong Header = 0x40_0000, Data = 0x50_0000, Table = 0x70_0000;

    // RAM below the rings, which no descriptor names.
    private const int Untouched = 0x10_0000;

    [Theory]
    [InlineData("block", 1)]
    [InlineData("console", 2)]
    [InlineData("entropy", 3)]
    [InlineData("balloon", 4)]
    [InlineData("net", 5)]
    [InlineData("file system", 6)]
    public void RegistersAndQueues_HostileDriver_NothingEscapes(string kind, int salt)
    {
        VirtioConsolePort port = new("a", new NullSink());
        var wire = new Loopback();
        List<(ulong Address, long Length)> discarded = [];
        IVirtioDevice device = kind switch
        {
            "block" => new VirtioBlock(new MemoryDisk(1 << 20)),
            "console" => new VirtioConsole([new("", new NullSink()), port]),
            "entropy" => new VirtioEntropy(),
            "file system" => new VirtioFileSystem(new VirtioFileSystemTests.Files(), "tag"),
            "balloon" => new VirtioBalloon((address, length) => discarded.Add((address, length))),
            _ => new VirtioNet(wire, [2, 0, 0, 0, 0, 1]),
        };
        using var rig = new Rig(device);
        Random random = FuzzRun.Random(salt);
        rig.Memory.Span(0, Untouched).Fill(0x5A);
        int served = 0, broken = 0;
        for (int round = FuzzRun.Rounds(300); round > 0; round--)
        {
            rig.ConfigWrite(0x10, (uint)Rig.Base);
            rig.ConfigWrite(0x04, 6);
            rig.Start(random.Next(4) == 0 ? ~(1UL << 29) : ulong.MaxValue);
            for (int i = 0; i < 20; i++)
            {
                Offer(rig, random, random.Next(device.QueueSizes.Count), ref served);
                // The host's side goes on all the while.
                port.Send("input"u8);
                wire.Send(new byte[random.Next(1600)]);
                if (device is VirtioBalloon balloon) balloon.RequestStatistics();
                if ((rig.Status & 0x40) == 0) continue;
                broken++;
                rig.Start();
            }
            for (int i = 0; i < 20; i++) Registers(rig, random);
            Assert.Equal(Untouched, rig.Memory.Span(0, Untouched).Count((byte)0x5A));
            Assert.All(discarded, range => Assert.False(rig.Memory.HostAddress(range.Address, (ulong)range.Length) == 0, "What is not RAM was given back."));
            discarded.Clear();
        }
        Assert.True(served > 100 && broken > 100, $"The driver was not hostile enough or too hostile: {served} served, {broken} broken.");
    }

    private static void Offer(Rig rig, Random random, int queue, ref int served)
    {
        for (int d = 0; d < 8; d++) rig.Descriptor(Rig.Ring(queue), random.Next(8), Address(random), Length(random), (ushort)random.Next(8), (ushort)random.Next(random.Next(4) == 0 ? 65536 : 8));
        if (random.Next(3) == 0) rig.Descriptor(Table, random.Next(8), Address(random), Length(random), (ushort)random.Next(8), (ushort)random.Next(8));
        rig.Memory.Write(Header, [(byte)random.Next(16), 0, 0, 0, (byte)random.Next(8), 0, (byte)random.Next(8), 0, (byte)random.Next(), 0, 0, 0, 0, 0, 0, 0]);
        rig.Push(queue, (ushort)random.Next(random.Next(8) == 0 ? 65536 : 8));
        while (rig.Done(queue) is not null) served++;
    }

    private static void Registers(Rig rig, Random random)
    {
        ulong address = random.Next(2) == 0 ? Rig.Common + (ulong)random.Next(0x40) : Rig.Base + (ulong)random.Next(0x4000);
        if (random.Next(2) == 0) rig.Mmio.Write(address, random.MemorySize(), random.Value());
        else rig.Mmio.Read(address, random.MemorySize());
        rig.ConfigWrite(random.Next(256) & ~3, (uint)random.Value());
        rig.ConfigRead(random.Next(256));
    }

    private static ulong Address(Random random) => random.Next(6) switch
    {
        0 => (ulong)random.NextInt64(),
        1 => (16UL << 20) - (ulong)random.Next(64),
        2 => Table,
        3 => Header,
        _ => Data + (ulong)random.Next(1 << 16),
    };

    private static uint Length(Random random) => random.Next(5) switch
    {
        0 => (uint)random.Next() * 2,
        1 => (uint)random.Next(64) * 16,
        2 => 16,
        _ => (uint)random.Next(8192),
    };
}
