using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Berth.Linux.Routing;

/// <summary>One request to rtnetlink in the making. See netlink(7), rtnetlink(7); numbers are in the host's order.</summary>
internal sealed class RouteMessage
{
    private const int HeaderSize = 16, Capacity = 1024;

    private readonly byte[] _bytes = new byte[Capacity];
    private int _length = HeaderSize;

    public RouteMessage(ushort type, ushort flags)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(6), flags);
    }

    /// <summary>The request, whole, under a sequence number.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, (uint)_length);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(8), sequence);
        return _bytes.AsSpan(0, _length);
    }

    /// <summary>struct ifinfomsg.</summary>
    public RouteMessage Link(int index, uint flags = 0, uint change = 0)
    {
        Span<byte> header = Take(16);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], index);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], flags);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], change);
        return this;
    }

    /// <summary>Bytes as they are: a struct of another kind of request.</summary>
    public RouteMessage Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Take(bytes.Length));
        return this;
    }

    public RouteMessage Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        Span<byte> space = Take(4 + value.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(space, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(space[2..], type);
        value.CopyTo(space[4..]);
        return this;
    }

    public RouteMessage Attribute(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Attribute(type, bytes);
    }

    public RouteMessage Attribute(ushort type, string text) => Attribute(type, Encoding.ASCII.GetBytes(text + '\0'));

    public RouteMessage Attribute(ushort type, IPAddress address) => Attribute(type, address.GetAddressBytes());

    /// <summary>An attribute made of what <paramref name="fill"/> adds.</summary>
    public RouteMessage Nest(ushort type, Action<RouteMessage> fill)
    {
        int start = _length;
        Take(4);
        fill(this);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(start), (ushort)(_length - start));
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(start + 2), type);
        return this;
    }

    // Everything stands at multiples of four.
    private Span<byte> Take(int length)
    {
        Span<byte> space = _bytes.AsSpan(_length, length);
        _length += (length + 3) & ~3;
        return space;
    }
}
