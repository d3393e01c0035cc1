using System.Buffers.Binary;
using System.Text;
using Berth.Machine.Storage;

namespace Berth.Devices.Virtio;

/// <summary>A disk. Spec: [VIRTIO] 5.2.</summary>
public sealed class VirtioBlock(IBlockBackend disk, string serial = "") : IVirtioDevice
{
    // [VIRTIO] 5.2.3, 5.2.6
    private const ulong SizeMaximum = 1 << 1, SegmentMaximum = 1 << 2, ReadOnly = 1 << 5, BlockSize = 1 << 6, Flush = 1 << 9, Discard = 1 << 13, WriteZeroes = 1 << 14;
    private const uint In = 0, Out = 1, FlushType = 4, GetId = 8, DiscardType = 11, WriteZeroesType = 13;
    private const byte Ok = 0, IoError = 1, Unsupported = 2;
    private const int HeaderSize = 16, SectorSize = IBlockBackend.SectorSize, IdLength = 20, RangeSize = 16;
    private const int RequestsPerTurn = 64, RangesPerRequest = 16, Segments = 254, SegmentSize = 1 << 18;
    private const uint LongestDiscard = 1 << 18;

    // A driver that keeps to the limits above stays below; one that does not may not keep the host busy.
    private const long LongestRequest = (long)Segments * SegmentSize, BytesPerTurn = 16 << 20;

    private IVirtioHost? _host;

    /// <inheritdoc/>
    public int DeviceId => 2;

    /// <inheritdoc/>
    public uint ClassCode => 0x01_8000;

    /// <inheritdoc/>
    public ulong Features => SizeMaximum | SegmentMaximum | BlockSize | Flush | (disk.IsReadOnly ? ReadOnly : Discard | WriteZeroes);

    /// <inheritdoc/>
    public IReadOnlyList<ushort> QueueSizes { get; } = [256];

    /// <inheritdoc/>
    public void Connect(IVirtioHost host) => _host = host;

    /// <summary>The disk has another length now.</summary>
    public void Resized() => _host?.ConfigChanged();

    /// <inheritdoc/>
    public void Start(ulong features)
    {
    }

    /// <inheritdoc/>
    public void Reset()
    {
    }

    /// <inheritdoc/>
    public void ReadConfig(int offset, Span<byte> destination)
    {
        Span<byte> config = stackalloc byte[64];
        BinaryPrimitives.WriteInt64LittleEndian(config, disk.Length / SectorSize);
        BinaryPrimitives.WriteUInt32LittleEndian(config[8..], SegmentSize);
        BinaryPrimitives.WriteUInt32LittleEndian(config[12..], Segments);
        BinaryPrimitives.WriteUInt32LittleEndian(config[20..], SectorSize);
        BinaryPrimitives.WriteUInt32LittleEndian(config[36..], LongestDiscard);
        BinaryPrimitives.WriteUInt32LittleEndian(config[40..], RangesPerRequest);
        BinaryPrimitives.WriteUInt32LittleEndian(config[44..], 8);
        BinaryPrimitives.WriteUInt32LittleEndian(config[48..], LongestDiscard);
        BinaryPrimitives.WriteUInt32LittleEndian(config[52..], RangesPerRequest);
        config[56] = 1;
        if (offset < config.Length) config[offset..Math.Min(config.Length, offset + destination.Length)].CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfig(int offset, ReadOnlySpan<byte> source)
    {
    }

    /// <inheritdoc/>
    public bool Process(int queue)
    {
        Virtqueue requests = _host!.Queue(queue);
        long moved = 0;
        for (int i = 0; i < RequestsPerTurn && moved < BytesPerTurn; i++)
        {
            if (requests.Pop() is not { } chain)
            {
                if (!requests.Rearm()) return false;
                continue;
            }
            requests.Push(chain, Serve(chain));
            moved += chain.ReadableLength + chain.WritableLength;
        }
        return true;
    }

    // Answers the number of bytes written, the status byte among them.
    private uint Serve(VirtChain chain)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (chain.Read(0, header) < HeaderSize || chain.WritableLength < 1) return 0;
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(header);
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        long room = chain.WritableLength - 1, given = chain.ReadableLength - HeaderSize, written = 0;
        byte status;
        try
        {
            switch (type)
            {
                case In:
                    status = ReadSectors(chain, sector, room);
                    if (status == Ok) written = room;
                    break;
                case Out: status = WriteSectors(chain, sector, given); break;
                case FlushType:
                    disk.Flush();
                    status = Ok;
                    break;
                case GetId:
                    Span<byte> id = stackalloc byte[IdLength];
                    id.Clear();
                    Encoding.ASCII.GetBytes(serial.AsSpan(0, Math.Min(serial.Length, IdLength)), id);
                    written = chain.Write(0, id[..(int)Math.Min(room, IdLength)]);
                    status = Ok;
                    break;
                case DiscardType or WriteZeroesType: status = DiscardRanges(chain, type == WriteZeroesType, given); break;
                default: status = Unsupported; break;
            }
        }
        catch (IOException)
        {
            status = IoError;
        }
        chain.Write(room, [status]);
        return (uint)Math.Min(uint.MaxValue, written + 1);
    }

    private bool InDisk(ulong sector, long length, out long offset)
    {
        offset = 0;
        if (length < 0 || length % SectorSize != 0 || sector > (ulong)(disk.Length / SectorSize)) return false;
        offset = (long)sector * SectorSize;
        return length <= disk.Length - offset;
    }

    private byte ReadSectors(VirtChain chain, ulong sector, long length)
    {
        if (length > LongestRequest || !InDisk(sector, length, out long offset)) return IoError;
        chain.ForEachWritable(0, length, (at, data) =>
        {
            disk.Read(offset + at, data);
            return true;
        });
        return Ok;
    }

    private byte WriteSectors(VirtChain chain, ulong sector, long length)
    {
        if (disk.IsReadOnly || length > LongestRequest || !InDisk(sector, length, out long offset)) return IoError;
        chain.ForEachReadable(HeaderSize, length, (at, data) =>
        {
            disk.Write(offset + at, data);
            return true;
        });
        return Ok;
    }

    private byte DiscardRanges(VirtChain chain, bool zero, long length)
    {
        if (disk.IsReadOnly || length % RangeSize != 0 || length is 0 or > RangesPerRequest * RangeSize) return IoError;
        Span<byte> ranges = stackalloc byte[RangesPerRequest * RangeSize];
        ranges = ranges[..chain.Read(HeaderSize, ranges[..(int)length])];
        // All are checked before the first is done.
        for (int pass = 0; pass < 2; pass++)
        {
            for (int at = 0; at + RangeSize <= ranges.Length; at += RangeSize)
            {
                ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(ranges[at..]);
                uint sectors = BinaryPrimitives.ReadUInt32LittleEndian(ranges[(at + 8)..]), flags = BinaryPrimitives.ReadUInt32LittleEndian(ranges[(at + 12)..]);
                if ((flags & ~1u) != 0 || (!zero && flags != 0)) return Unsupported;
                if (sectors > LongestDiscard || !InDisk(sector, (long)sectors * SectorSize, out long offset)) return IoError;
                if (pass == 1) disk.Discard(offset, (long)sectors * SectorSize);
            }
        }
        return Ok;
    }
}
