using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Berth.Networks.Names;

/// <summary>Writes answers. [RFC 1035] 4.1, 4.1.4.</summary>
internal static class DnsAnswer
{
    // Instances come and go; what a client remembers must not outlive them for long.
    private const uint TimeToLive = 5;
    private const ushort QuestionName = 0xC000 | DnsQuery.HeaderSize;
    private const int OptionsSize = 11;

    /// <summary>An answer without records.</summary>
    public static byte[] Empty(DnsQuery query, DnsResponseCode code) => Build(query, code, query.Udp.Size, []);

    /// <summary>The addresses of the family that was asked for.</summary>
    public static byte[] Addresses(DnsQuery query, IReadOnlyList<IPAddress> addresses, int limit)
    {
        AddressFamily? family = query.Type switch { DnsType.A => AddressFamily.InterNetwork, DnsType.Aaaa => AddressFamily.InterNetworkV6, DnsType.Any => null, _ => AddressFamily.Unspecified };
        return Build(query, DnsResponseCode.NoError, limit,
            [.. addresses.Where(a => family is null || a.AddressFamily == family).Select(static a => (a.AddressFamily == AddressFamily.InterNetwork ? DnsType.A : DnsType.Aaaa, a.GetAddressBytes()))]);
    }

    /// <summary>The name of an address.</summary>
    public static byte[] Pointer(DnsQuery query, string name, int limit) => Build(query, DnsResponseCode.NoError, limit, [(DnsType.Pointer, Encode(name))]);

    /// <summary>An answer to what could not be read; only its number is known.</summary>
    public static byte[] Refusal(ReadOnlySpan<byte> message, DnsResponseCode code)
    {
        byte[] answer = new byte[DnsQuery.HeaderSize];
        message[..2].CopyTo(answer);
        answer[2] = (byte)(0x80 | (message[2] & 0x79));
        answer[3] = (byte)code;
        return answer;
    }

    private static byte[] Build(DnsQuery query, DnsResponseCode code, int limit, IReadOnlyList<(DnsType Type, byte[] Data)> records)
    {
        int length = DnsQuery.HeaderSize + query.Question.Length, most = limit - (query.Udp.Extended ? OptionsSize : 0), count = 0;
        while (count < records.Count && length + 12 + records[count].Data.Length <= most)
            length += 12 + records[count++].Data.Length;
        byte[] answer = new byte[length + (query.Udp.Extended ? OptionsSize : 0)];
        Span<byte> rest = answer;
        BinaryPrimitives.WriteUInt16BigEndian(rest, query.Id);
        bool truncated = count < records.Count;
        answer[2] = (byte)(0x84 | (truncated ? 2 : 0) | (query.RecursionDesired ? 1 : 0));
        answer[3] = (byte)(0x80 | (byte)code);
        BinaryPrimitives.WriteUInt16BigEndian(rest[4..], 1);
        BinaryPrimitives.WriteUInt16BigEndian(rest[6..], (ushort)count);
        BinaryPrimitives.WriteUInt16BigEndian(rest[10..], query.Udp.Extended ? (ushort)1 : (ushort)0);
        rest = rest[DnsQuery.HeaderSize..];
        query.Question.Span.CopyTo(rest);
        rest = rest[query.Question.Length..];
        foreach ((DnsType type, byte[] data) in records.Take(count))
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, QuestionName);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], (ushort)type);
            BinaryPrimitives.WriteUInt16BigEndian(rest[4..], 1);
            BinaryPrimitives.WriteUInt32BigEndian(rest[6..], TimeToLive);
            BinaryPrimitives.WriteUInt16BigEndian(rest[10..], (ushort)data.Length);
            data.CopyTo(rest[12..]);
            rest = rest[(12 + data.Length)..];
        }
        if (query.Udp.Extended)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest[1..], (ushort)DnsType.Options);
            BinaryPrimitives.WriteUInt16BigEndian(rest[3..], 4096);
        }
        return answer;
    }

    // Labels that are too long for the wire are cut: names of networks may be longer than a label.
    private static byte[] Encode(string name)
    {
        using var bytes = new MemoryStream();
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            byte[] ascii = Encoding.ASCII.GetBytes(label[..Math.Min(label.Length, 63)]);
            if (bytes.Length + ascii.Length + 2 > 255)
                break;
            bytes.WriteByte((byte)ascii.Length);
            bytes.Write(ascii);
        }
        bytes.WriteByte(0);
        return bytes.ToArray();
    }
}
