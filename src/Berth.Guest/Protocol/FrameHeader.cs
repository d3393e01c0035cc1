using System.Buffers.Binary;

namespace Berth.Guest.Protocol;

/// <summary>The twelve bytes before each payload.</summary>
internal readonly record struct FrameHeader(int Length, FrameType Type, byte Flags, uint Id)
{
    public const int Size = 12, MaxPayload = 65536;

    /// <summary>Bytes of each stream that may be under way without being granted.</summary>
    public const int Window = 131072;

    public const uint Magic = 0x48545242, Version = 4;

    public static FrameHeader Read(ReadOnlySpan<byte> bytes)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (length > MaxPayload || bytes[6] != 0 || bytes[7] != 0)
        {
            throw new GuestProtocolException($"a frame of {length} bytes, or with reserved bytes that are not zero");
        }
        return new FrameHeader((int)length, (FrameType)bytes[4], bytes[5], BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
    }

    public void Write(Span<byte> bytes)
    {
        bytes[..Size].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Length);
        bytes[4] = (byte)Type;
        bytes[5] = Flags;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Id);
    }
}
