using System.Text;
using Berth.Devices.Virtio;

namespace Berth.Devices.Tests.Virtio;

public sealed class VirtioTests
{
    private const ulong Header = 0x20_0000 * 2, Data = 0x50_0000, Status = 0x60_0000;

    private static void WriteHeader(Rig rig, uint type, ulong sector) =>
        rig.Memory.Write(Header, [.. BitConverter.GetBytes(type), 0, 0, 0, 0, .. BitConverter.GetBytes(sector)]);

    private static byte Request(Rig rig, uint type, ulong sector, uint length, bool write)
    {
        WriteHeader(rig, type, sector);
        rig.Memory.Write(Status, [0xEE]);
        if (length == 0) rig.Offer(0, (Header, 16, false), (Status, 1, true));
        else rig.Offer(0, (Header, 16, false), (Data, length, write), (Status, 1, true));
        Assert.NotNull(rig.Done(0));
        return rig.Bytes(Status, 1)[0];
    }

    [Fact]
    public void Block_WriteReadFlush_MovesBytesAndInterrupts()
    {
        var disk = new MemoryDisk(1 << 20);
        using var rig = new Rig(new VirtioBlock(disk, "serial-1"));
        rig.Start();
        byte[] content = [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 7))];
        rig.Memory.Write(Data, content);
        Assert.Equal(0, Request(rig, 1, 8, 4096, write: false));
        Assert.Equal(content, disk.Data[4096..8192]);
        Assert.Equal((0xFEE0_0000UL, 0x41u), rig.Messages.Sent[^1]);
        rig.Memory.Write(Data, new byte[4096]);
        Assert.Equal(0, Request(rig, 0, 8, 4096, write: true));
        Assert.Equal(content, rig.Bytes(Data, 4096));
        Assert.Equal(0, Request(rig, 4, 0, 0, write: false));
        Assert.Equal(1, disk.Flushes);
        Assert.Equal(0, Request(rig, 8, 0, 20, write: true));
        Assert.Equal("serial-1", Encoding.ASCII.GetString(rig.Bytes(Data, 8)));
        rig.Memory.Write(Data, [8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(0, Request(rig, 11, 0, 16, write: false));
        Assert.Equal(new byte[4096], disk.Data[4096..8192]);
    }

    [Theory]
    [InlineData(0u, 2048UL, 512u, true, 1)]
    [InlineData(0u, ulong.MaxValue, 512u, true, 1)]
    [InlineData(1u, 2047UL, 1024u, false, 1)]
    [InlineData(0u, 0UL, 100u, true, 1)]
    [InlineData(99u, 0UL, 512u, true, 2)]
    [InlineData(11u, 0UL, 15u, false, 1)]
    public void Block_BadRequest_AnswersItsStatus(uint type, ulong sector, uint length, bool write, byte status)
    {
        using var rig = new Rig(new VirtioBlock(new MemoryDisk(1 << 20)));
        rig.Start();
        Assert.Equal(status, Request(rig, type, sector, length, write));
        Assert.Equal(15, rig.Status);
    }

    [Fact]
    public void Block_FailingDisk_AnswersIoError()
    {
        using var rig = new Rig(new VirtioBlock(new MemoryDisk(1 << 20) { Failing = true }));
        rig.Start();
        Assert.Equal(1, Request(rig, 0, 0, 512, write: true));
    }

    [Fact]
    public void Queue_IndirectTable_IsWalked()
    {
        var disk = new MemoryDisk(1 << 20);
        disk.Data[0] = 0x5A;
        using var rig = new Rig(new VirtioBlock(disk));
        rig.Start();
        WriteHeader(rig, 0, 0);
        const ulong table = 0x70_0000;
        rig.Descriptor(table, 0, Header, 16, 1, 2);
        rig.Descriptor(table, 2, Data, 512, 3, 1);
        rig.Descriptor(table, 1, Status, 1, 2, 0);
        rig.Descriptor(Rig.Ring(0), 0, table, 48, 4, 0);
        rig.Push(0, 0);
        Assert.Equal(513u, rig.Done(0));
        Assert.Equal(0x5A, rig.Bytes(Data, 1)[0]);
    }

    [Theory]
    [InlineData("loop")]
    [InlineData("outside")]
    [InlineData("huge")]
    [InlineData("head")]
    [InlineData("next")]
    [InlineData("order")]
    [InlineData("nested")]
    [InlineData("index")]
    [InlineData("odd table")]
    public void Queue_BrokenRules_NeedReset(string how)
    {
        using var rig = new Rig(new VirtioBlock(new MemoryDisk(1 << 20)));
        rig.Start();
        ulong ring = Rig.Ring(0), table = 0x70_0000;
        ushort head = 0;
        switch (how)
        {
            case "loop": rig.Descriptor(ring, 0, Header, 16, 1, 0); break;
            case "outside": rig.Descriptor(ring, 0, 0xFFFF_F000, 4096, 0, 0); break;
            case "huge": rig.Descriptor(ring, 0, 0, uint.MaxValue, 0, 0); break;
            case "head": head = 5000; break;
            case "next": rig.Descriptor(ring, 0, Header, 16, 1, 256); break;
            case "order":
                rig.Descriptor(ring, 0, Header, 16, 3, 1);
                rig.Descriptor(ring, 1, Header, 16, 0, 0);
                break;
            case "nested":
                rig.Descriptor(ring, 0, table, 16, 4, 0);
                rig.Descriptor(table, 0, table, 16, 4, 0);
                break;
            case "odd table": rig.Descriptor(ring, 0, table, 17, 4, 0); break;
            default: rig.Word(ring + 0x4002, 9999); break;
        }
        if (how == "index") rig.Mmio.Write(Rig.Notify, 2, 0);
        else rig.Push(0, head);
        Assert.Equal(0x40, rig.Status & 0x40);
        rig.Start();
        Assert.Equal(0, Request(rig, 0, 0, 512, write: true));
    }

    [Fact]
    public void Transport_FeatureRules_AreEnforced()
    {
        using var rig = new Rig(new VirtioEntropy());
        rig.Mmio.Write(Rig.Common + 0x14, 1, 3);
        rig.Mmio.Write(Rig.Common + 0x14, 1, 11);
        Assert.Equal(3, rig.Status);
        rig.Mmio.Write(Rig.Common + 0x14, 1, 7);
        Assert.Equal(3, rig.Status);
        rig.Start();
    }

    [Fact]
    public void Transport_WithoutMsix_UsesThePin()
    {
        using var rig = new Rig(new VirtioEntropy(), msix: false);
        rig.Start();
        rig.Offer(0, (Data, 64, true));
        Assert.Equal(64u, rig.Done(0));
        Assert.NotEqual(new byte[64], rig.Bytes(Data, 64));
        Assert.True(rig.Line.High);
        Assert.Equal(1UL, rig.Mmio.Read(Rig.Isr, 1));
        Assert.False(rig.Line.High);
    }

    [Fact]
    public void Msix_MaskedVector_WaitsAsPending()
    {
        using var rig = new Rig(new VirtioEntropy());
        rig.Start();
        rig.Mmio.Write(Rig.TableBase + 16 + 12, 4, 1);
        rig.Offer(0, (Data, 64, true));
        Assert.Empty(rig.Messages.Sent);
        Assert.Equal(2UL, rig.Mmio.Read(Rig.TableBase + 0x800, 4));
        rig.Mmio.Write(Rig.TableBase + 16 + 12, 4, 0);
        Assert.Single(rig.Messages.Sent);
    }

    [Fact]
    public void Bar_SizedAndMoved_AnswersAtItsNewPlace()
    {
        using var rig = new Rig(new VirtioEntropy());
        rig.ConfigWrite(0x10, uint.MaxValue);
        Assert.Equal(0xFFFF_C000u, rig.ConfigRead(0x10));
        rig.ConfigWrite(0x10, 0xD000_0000);
        Assert.Equal(0xFFFFFFFFUL, rig.Mmio.Read(Rig.Common + 0x10, 4));
        Assert.Equal(1UL, rig.Mmio.Read(0xD000_0012, 2));
        Assert.Equal(0x1044_1AF4u, rig.ConfigRead(0));
        Assert.Equal(0x1044_1AF4UL, rig.Mmio.Read(Berth.Devices.Chipset.PlatformMap.EcamBase + (1 << 15), 4));
    }

    [Fact]
    public void Net_Loopback_BringsTheFrameBack()
    {
        using var rig = new Rig(new VirtioNet(new Loopback(), [2, 0, 0, 0, 0, 1]));
        rig.Start();
        byte[] frame = [.. Enumerable.Range(0, 60).Select(i => (byte)i)];
        rig.Memory.Write(Data, [.. new byte[12], .. frame]);
        rig.Offer(0, (Status, 2048, true));
        rig.Offer(1, (Data, 72, false));
        Assert.Equal(0u, rig.Done(1));
        Assert.Equal(72u, rig.Done(0));
        Assert.Equal(frame, rig.Bytes(Status + 12, 60));
    }

    [Fact]
    public void Console_MultiPort_NamesPortsAndCarriesBytesBothWays()
    {
        var sinks = new[] { new RecordingSink(), new RecordingSink() };
        VirtioConsolePort[] ports = [new("", sinks[0]), new("agent", sinks[1])];
        using var rig = new Rig(new VirtioConsole(ports));
        rig.Start();
        for (uint i = 0; i < 8; i++) rig.Offer(2, (Status + i * 64, 64, true));
        void Control(uint id, ushort what) => TellConsole(rig, id, what, 1);
        Control(0, 0);
        Assert.Equal(8u, rig.Done(2));
        Assert.Equal(8u, rig.Done(2));
        Control(1, 3);
        Assert.Equal(13u, rig.Done(2));
        Assert.Equal("agent", Encoding.UTF8.GetString(rig.Bytes(Status + 128 + 8, 5)));
        Control(1, 6);
        Assert.True(ports[1].IsOpen);
        rig.Memory.Write(Data, "hello"u8);
        rig.Offer(5, (Data, 5, false));
        Assert.Equal("hello", Encoding.UTF8.GetString([.. sinks[1].Bytes]));
        rig.Offer(4, (Data + 512, 16, true));
        Assert.Equal(5, ports[1].Send("reply"u8));
        Assert.Equal(5u, rig.Done(4));
        Assert.Equal("reply", Encoding.UTF8.GetString(rig.Bytes(Data + 512, 5)));
    }

    private static void TellConsole(Rig rig, uint port, ushort what, ushort value)
    {
        rig.Memory.Write(Data, [.. BitConverter.GetBytes(port), .. BitConverter.GetBytes(what), .. BitConverter.GetBytes(value)]);
        rig.Offer(3, (Data, 8, false));
    }

    [Fact]
    public void Console_InputForClosedPort_WaitsUntilOpenAndEndsWithClose()
    {
        VirtioConsolePort[] ports = [new("", new NullSink()), new("agent", new NullSink())];
        using var rig = new Rig(new VirtioConsole(ports));
        rig.Start();
        rig.Offer(4, (Data + 512, 16, true));
        Assert.Equal(5, ports[1].Send("early"u8));
        Assert.Null(rig.Done(4));
        TellConsole(rig, 1, 6, 1);
        Assert.Equal(5u, rig.Done(4));
        Assert.Equal("early", Encoding.UTF8.GetString(rig.Bytes(Data + 512, 5)));
        ports[1].Send("stale"u8);
        TellConsole(rig, 1, 6, 0);
        rig.Offer(4, (Data + 512, 16, true));
        TellConsole(rig, 1, 6, 1);
        Assert.Null(rig.Done(4));
    }

    [Fact]
    public void Balloon_InflateAndReport_DiscardOnlyRam()
    {
        var discarded = new List<(ulong, long)>();
        using var rig = new Rig(new VirtioBalloon((address, length) => discarded.Add((address, length))));
        rig.Start();
        rig.Memory.Write(Data, [.. BitConverter.GetBytes(0x700u), .. BitConverter.GetBytes(0xFFFF_FFFFu)]);
        rig.Offer(0, (Data, 8, false));
        rig.Offer(3, (0x80_0000, 0x20_0000, true));
        Assert.Equal([(0x70_0000UL, 4096L), (0x80_0000UL, 0x20_0000L)], discarded);
    }

    [Fact]
    public void Block_HugeRequest_AnswersIoErrorWithoutReadingIt()
    {
        using var rig = new Rig(new VirtioBlock(new MemoryDisk(256 << 20)));
        rig.Start();
        WriteHeader(rig, 0, 0);
        // The same buffer again and again: 128 MiB into 16 MiB of RAM.
        const ulong table = 0x70_0000;
        rig.Descriptor(table, 0, Header, 16, 1, 1);
        for (int i = 1; i <= 32; i++) rig.Descriptor(table, i, Data, 4 << 20, 3, (ushort)(i + 1));
        rig.Descriptor(table, 33, Status, 1, 2, 0);
        rig.Memory.Write(Data, [0x11]);
        rig.Descriptor(Rig.Ring(0), 0, table, 34 * 16, 4, 0);
        rig.Push(0, 0);
        Assert.Equal(1u, rig.Done(0));
        Assert.Equal((0x11, 1), (rig.Bytes(Data, 1)[0], rig.Bytes(Status, 1)[0]));
    }

    [Fact]
    public void Balloon_ReportOfMoreThanThereIs_IsDropped()
    {
        int discards = 0;
        using var rig = new Rig(new VirtioBalloon((_, _) => discards++));
        rig.Start();
        rig.Offer(3, (0, 0xC0_0000, true), (0, 0xC0_0000, true));
        Assert.NotNull(rig.Done(3));
        Assert.Equal(0, discards);
    }

    [Fact]
    public void Function_Stopped_LeavesMemoryAlone()
    {
        VirtioConsolePort port = new("", new NullSink());
        using var rig = new Rig(new VirtioConsole([port]));
        rig.Start();
        TellConsole(rig, 0, 6, 1);
        rig.Offer(0, (Data + 512, 16, true));
        rig.Bus.Stop();
        rig.Memory.Dispose();
        Assert.Equal(4, port.Send("late"u8));
    }
}
