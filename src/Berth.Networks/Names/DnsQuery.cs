using System.Buffers.Binary;
using System.Text;

namespace Berth.Networks.Names;

/// <summary>A question as it came over the wire: exactly one, of the standard kind. [RFC 1035] 4.1.</summary>
internal sealed record DnsQuery
{
    public const int HeaderSize = 12;
    private const int MaxName = 255, MaxLabel = 63;
    private const ushort Internet = 1;

    public required ushort Id { get; init; }

    /// <summary>Lower case, without the final dot; empty for the root.</summary>
    public required string Name { get; init; }

    public required DnsType Type { get; init; }

    /// <summary>Whether the class is IN; others are nobody's here.</summary>
    public required bool IsInternet { get; init; }

    public required bool RecursionDesired { get; init; }

    /// <summary>Bytes of the question section, to be repeated in the answer.</summary>
    public required ReadOnlyMemory<byte> Question { get; init; }

    /// <summary>Largest answer the client takes over UDP, and whether it spoke EDNS. [RFC 6891]</summary>
    public required (int Size, bool Extended) Udp { get; init; }

    /// <summary>Reads a query. Anything malformed gives the code to answer with; null when not even that is due.</summary>
    public static DnsQuery? TryParse(ReadOnlySpan<byte> message, out DnsResponseCode? refusal)
    {
        refusal = null;
        if (message.Length < HeaderSize || (message[2] & 0x80) != 0)
            return null; // too short to answer, or an answer itself
        ushort Count(ReadOnlySpan<byte> header, int at) => BinaryPrimitives.ReadUInt16BigEndian(header[at..]);
        if ((message[2] >> 3 & 15) != 0)
        {
            refusal = DnsResponseCode.NotImplemented;
            return null;
        }
        var name = new StringBuilder();
        int position = HeaderSize;
        if (Count(message, 4) != 1 || Count(message, 6) != 0 || Count(message, 8) != 0 || Count(message, 10) > 2
            || !TryReadName(message, ref position, name) || position + 4 > message.Length)
        {
            refusal = DnsResponseCode.FormatError;
            return null;
        }
        ushort type = Count(message, position), kind = Count(message, position + 2);
        position += 4;
        return new DnsQuery
        {
            Id = Count(message, 0),
            Name = name.ToString(),
            Type = (DnsType)type,
            IsInternet = kind == Internet,
            RecursionDesired = (message[2] & 1) != 0,
            Question = message[HeaderSize..position].ToArray(),
            Udp = Extension(message[position..]),
        };
    }

    // Names in a question are never compressed: there is nothing before them to point at.
    private static bool TryReadName(ReadOnlySpan<byte> message, ref int position, StringBuilder name)
    {
        int start = position;
        while (true)
        {
            if (position >= message.Length)
                return false;
            int length = message[position++];
            if (length == 0)
                return true;
            if (length > MaxLabel || position + length > message.Length || position + length - start > MaxName)
                return false;
            if (name.Length > 0)
                name.Append('.');
            foreach (byte b in message.Slice(position, length))
            {
                // A dot within a label, or what is no printable character, is no name of ours: it stays apart from all that are.
                name.Append(b is > 0x20 and < 0x7F and not (byte)'.' ? char.ToLowerInvariant((char)b) : '\0');
            }
            position += length;
        }
    }

    // The OPT record, when it is the first of the additional ones: root name, type 41, the client's size in the place of the class.
    private static (int Size, bool Extended) Extension(ReadOnlySpan<byte> additional) =>
        additional.Length >= 11 && additional[0] == 0 && BinaryPrimitives.ReadUInt16BigEndian(additional[1..]) == (ushort)DnsType.Options
            ? (Math.Clamp((int)BinaryPrimitives.ReadUInt16BigEndian(additional[3..]), 512, 4096), true)
            : (512, false);
}
