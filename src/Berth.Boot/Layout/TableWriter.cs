using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Berth.Boot.Layout;

/// <summary>Little-endian fields one after the other.</summary>
internal sealed class TableWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public int Length => _bytes.WrittenCount;

    public TableWriter U8(params ReadOnlySpan<byte> values)
    {
        _bytes.Write(values);
        return this;
    }

    public TableWriter U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetSpan(2), value);
        _bytes.Advance(2);
        return this;
    }

    public TableWriter U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public TableWriter U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
        return this;
    }

    /// <summary>ASCII text padded with spaces, or cut, to <paramref name="width"/> bytes.</summary>
    public TableWriter Text(string text, int width)
    {
        _bytes.Write(Encoding.ASCII.GetBytes(text.PadRight(width)[..width]));
        return this;
    }

    public TableWriter Zeros(int count)
    {
        _bytes.GetSpan(count)[..count].Clear();
        _bytes.Advance(count);
        return this;
    }

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    /// <summary>The byte that makes the sum of all bytes zero.</summary>
    public static byte Checksum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte value in bytes) sum += value;
        return (byte)-sum;
    }
}
