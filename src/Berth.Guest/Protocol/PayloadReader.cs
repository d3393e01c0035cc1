using System.Buffers.Binary;
using System.Text;

namespace Berth.Guest.Protocol;

/// <summary>Reads what a guest sent; a payload that is too short is the guest's fault.</summary>
internal ref struct PayloadReader(ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _rest = payload;

    public byte ReadByte() => Take(1)[0];

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>A text with its length before it; control characters become '?', since it reaches terminals.</summary>
    public string ReadString()
    {
        uint length = ReadUInt32();
        return Printable(Take(length > int.MaxValue ? int.MaxValue : (int)length));
    }

    /// <summary>The text of a whole payload.</summary>
    public static string Printable(ReadOnlySpan<byte> utf8) =>
        Encoding.UTF8.GetString(utf8) is var text && text.Any(char.IsControl)
            ? string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c))
            : text;

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw new GuestProtocolException("a payload ends too early");
        }
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
