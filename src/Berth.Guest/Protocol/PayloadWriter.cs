using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Berth.Guest.Protocol;

/// <summary>Writes a payload for the guest.</summary>
internal sealed class PayloadWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public PayloadWriter Byte(byte value)
    {
        _bytes.Write([value]);
        return this;
    }

    public PayloadWriter UInt16(int value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetSpan(2), (ushort)value);
        _bytes.Advance(2);
        return this;
    }

    public PayloadWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public PayloadWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
        return this;
    }

    public PayloadWriter Text(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"a text for the guest holds a NUL: \"{text.Replace("\0", "\\0", StringComparison.Ordinal)}\"", nameof(text));
        }
        UInt32((uint)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, _bytes);
        return this;
    }

    public PayloadWriter Texts(IReadOnlyList<string> texts)
    {
        UInt32((uint)texts.Count);
        foreach (string text in texts)
        {
            Text(text);
        }
        return this;
    }
}
