using System.Buffers.Binary;
using Berth.Devices.Pci;
using Berth.Devices.Virtio;
using Berth.Machine;
using Berth.Machine.Storage;

namespace Berth.Devices.Tests.Virtio;

/// <summary>One virtio device on a PCI bus, with a driver's hands. Work runs on the caller's thread.</summary>
internal sealed class Rig : IDisposable
{
    public const ulong Base = 0xC000_0000, TableBase = 0xC001_0000;
    public const ulong Common = Base, Isr = Base + 0x1000, Config = Base + 0x2000, Notify = Base + 0x3000;
    private const int RingBytes = 0x10000;
    private readonly Dictionary<int, (ushort Available, ushort Used, ushort Descriptor)> _positions = [];

    public Rig(IVirtioDevice device, bool msix = true)
    {
        var apics = new Berth.Devices.Chipset.IoApic(Messages);
        Bus = new(Ports, Mmio, new(null, apics), null);
        Function = new(device, Memory, Messages, Line, work => work());
        Bus.Add(1, Function);
        ConfigWrite(0x10, (uint)Base);
        ConfigWrite(0x14, (uint)TableBase);
        ConfigWrite(0x04, 6);
        if (!msix) return;
        for (uint i = 0; i < (uint)Function.Msix.Count; i++)
        {
            Mmio.Write(TableBase + 16 * i, 4, 0xFEE0_0000);
            Mmio.Write(TableBase + 16 * i + 8, 4, 0x40 + i);
            Mmio.Write(TableBase + 16 * i + 12, 4, 0);
        }
        ConfigWrite(FindCapability(0x11), 0x8000_0011 & 0xFFFF_0000);
    }

    public GuestMemory Memory { get; } = new(16 << 20);

    public PortBus Ports { get; } = new();

    public MmioBus Mmio { get; } = new();

    public RecordingMessages Messages { get; } = new();

    public RecordingLine Line { get; } = new();

    public PciBus Bus { get; }

    public VirtioPciFunction Function { get; }

    public void ConfigWrite(int offset, uint value)
    {
        Ports.Write(0xCF8, 4, 0x8000_0800 | (uint)offset);
        Ports.Write(0xCFC, 4, value);
    }

    public uint ConfigRead(int offset)
    {
        Ports.Write(0xCF8, 4, 0x8000_0800 | (uint)offset);
        return Ports.Read(0xCFC, 4);
    }

    public int FindCapability(byte id)
    {
        for (int at = (int)ConfigRead(0x34) & 0xFF; at != 0; at = (int)(ConfigRead(at) >> 8) & 0xFF)
            if ((byte)ConfigRead(at) == id) return at;
        return 0;
    }

    public byte Status => (byte)Mmio.Read(Common + 0x14, 1);

    public void Start(ulong accept = ulong.MaxValue)
    {
        Mmio.Write(Common + 0x14, 1, 0);
        Mmio.Write(Common + 0x14, 1, 3);
        for (uint i = 0; i < 2; i++)
        {
            Mmio.Write(Common, 4, i);
            ulong offered = Mmio.Read(Common + 4, 4);
            Mmio.Write(Common + 8, 4, i);
            Mmio.Write(Common + 0xC, 4, offered & (uint)(accept >> (32 * (int)i)));
        }
        Mmio.Write(Common + 0x14, 1, 11);
        Assert.Equal(11, Status);
        int queues = (int)Mmio.Read(Common + 0x12, 2);
        for (int i = 0; i < queues; i++) SetUp(i);
        Mmio.Write(Common + 0x14, 1, 15);
        Assert.Equal(15, Status);
    }

    public static ulong Ring(int queue) => 0x10_0000 + (ulong)queue * RingBytes;

    public int Size(int queue)
    {
        Mmio.Write(Common + 0x16, 2, (ulong)queue);
        return (int)Mmio.Read(Common + 0x18, 2);
    }

    private void SetUp(int queue)
    {
        _positions[queue] = default;
        Memory.Write(Ring(queue), new byte[RingBytes]);
        Mmio.Write(Common + 0x16, 2, (ulong)queue);
        Mmio.Write(Common + 0x1A, 2, (ulong)queue + 1);
        Mmio.Write(Common + 0x20, 8, Ring(queue));
        Mmio.Write(Common + 0x28, 8, Ring(queue) + 0x4000);
        Mmio.Write(Common + 0x30, 8, Ring(queue) + 0x8000);
        Mmio.Write(Common + 0x1C, 2, 1);
    }

    public void Descriptor(ulong table, int index, ulong address, uint length, ushort flags, ushort next)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, address);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[12..], flags);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[14..], next);
        Memory.Write(table + (ulong)index * 16, bytes);
    }

    /// <summary>Offers a chain of buffers, those with <c>Write</c> for the device, and notifies.</summary>
    public void Offer(int queue, params (ulong Address, uint Length, bool Write)[] buffers)
    {
        var position = _positions[queue];
        int size = Size(queue), first = position.Descriptor;
        for (int i = 0; i < buffers.Length; i++)
        {
            int index = (first + i) % size;
            bool last = i == buffers.Length - 1;
            Descriptor(Ring(queue), index, buffers[i].Address, buffers[i].Length, (ushort)((buffers[i].Write ? 2 : 0) | (last ? 0 : 1)), (ushort)((index + 1) % size));
        }
        Push(queue, (ushort)first);
        _positions[queue] = _positions[queue] with { Descriptor = (ushort)((first + buffers.Length) % size) };
    }

    public void Push(int queue, ushort head)
    {
        var position = _positions[queue];
        Word(Ring(queue) + 0x4004 + 2UL * (uint)(position.Available % Size(queue)), head);
        Word(Ring(queue) + 0x4002, (ushort)(position.Available + 1));
        _positions[queue] = position with { Available = (ushort)(position.Available + 1) };
        Mmio.Write(Notify + 4UL * (uint)queue, 2, (ulong)queue);
    }

    public void Word(ulong address, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        Memory.Write(address, bytes);
    }

    /// <summary>Takes the next finished request's written length, or null.</summary>
    public uint? Done(int queue)
    {
        var position = _positions[queue];
        if (BinaryPrimitives.ReadUInt16LittleEndian(Memory.Span(Ring(queue) + 0x8002, 2)) == position.Used) return null;
        ulong entry = Ring(queue) + 0x8004 + 8UL * (uint)(position.Used % Size(queue));
        _positions[queue] = position with { Used = (ushort)(position.Used + 1) };
        return BinaryPrimitives.ReadUInt32LittleEndian(Memory.Span(entry + 4, 4));
    }

    public byte[] Bytes(ulong address, int count) => Memory.Span(address, count).ToArray();

    public void Dispose() => Memory.Dispose();
}

internal sealed class MemoryDisk(int length) : IBlockBackend
{
    public byte[] Data { get; } = new byte[length];

    public int Flushes { get; private set; }

    public bool Failing { get; set; }

    public long Length => Data.Length;

    public bool IsReadOnly { get; set; }

    public void Read(long offset, Span<byte> destination)
    {
        if (Failing) throw new IOException("The disk is on fire.");
        Data.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }

    public void Write(long offset, ReadOnlySpan<byte> source) => source.CopyTo(Data.AsSpan((int)offset));

    public void Flush() => Flushes++;

    public void Discard(long offset, long length) => Data.AsSpan((int)offset, (int)length).Clear();

    public void Dispose()
    {
    }
}

/// <summary>Sends every frame back.</summary>
internal sealed class Loopback : IPacketBackend
{
    private readonly Queue<byte[]> _frames = new();

    public Action? FramesArrived { get; set; }

    public bool Send(ReadOnlySpan<byte> frame)
    {
        if (_frames.Count < 64) _frames.Enqueue(frame.ToArray());
        FramesArrived?.Invoke();
        return true;
    }

    public int TryReceive(Span<byte> frame)
    {
        if (!_frames.TryDequeue(out byte[]? next) || next.Length > frame.Length) return 0;
        next.CopyTo(frame);
        return next.Length;
    }
}
