using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Berth.Networks.Names;

/// <summary>Passes queries on to other name servers, with a number and a port of our own for each, so that nobody else can answer.</summary>
internal static class Forwarder
{
    private const int Port = 53, MaxAnswer = 65535, Rounds = 2;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>The answer with the client's own number; null when no server gave one in time.</summary>
    public static async Task<byte[]?> AskAsync(byte[] query, int questionLength, IReadOnlyList<IPAddress> servers, bool stream, CancellationToken cancellationToken)
    {
        ushort id = BinaryPrimitives.ReadUInt16BigEndian(query);
        byte[] own = [.. query];
        for (int round = 0; round < Rounds; round++)
        {
            foreach (IPAddress server in servers)
            {
                RandomNumberGenerator.Fill(own.AsSpan(0, 2));
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                patience.CancelAfter(s_patience);
                try
                {
                    byte[]? answer = stream ? await AskStreamAsync(own, server, patience.Token) : await AskDatagramAsync(own, questionLength, server, patience.Token);
                    if (answer is null || !Answers(own, questionLength, answer))
                        continue;
                    BinaryPrimitives.WriteUInt16BigEndian(answer, id);
                    return answer;
                }
                catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
                {
                    // The next one may know.
                }
            }
        }
        return null;
    }

    private static async Task<byte[]?> AskDatagramAsync(byte[] query, int questionLength, IPAddress server, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, Port, cancellationToken);
        await socket.SendAsync(query, cancellationToken);
        byte[] buffer = new byte[4096];
        while (true)
        {
            int length = await socket.ReceiveAsync(buffer, cancellationToken);
            if (Answers(query, questionLength, buffer.AsSpan(0, length)))
                return buffer[..length];
        }
    }

    private static async Task<byte[]?> AskStreamAsync(byte[] query, IPAddress server, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, Port, cancellationToken);
        await using var connection = new NetworkStream(socket);
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)query.Length);
        await connection.WriteAsync((byte[])[.. length, .. query], cancellationToken);
        await connection.ReadExactlyAsync(length, cancellationToken);
        byte[] answer = new byte[Math.Min((int)BinaryPrimitives.ReadUInt16BigEndian(length), MaxAnswer)];
        await connection.ReadExactlyAsync(answer, cancellationToken);
        return answer;
    }

    private static bool Answers(ReadOnlySpan<byte> query, int questionLength, ReadOnlySpan<byte> answer) =>
        answer.Length >= DnsQuery.HeaderSize + questionLength && answer[..2].SequenceEqual(query[..2]) && (answer[2] & 0x80) != 0
        && answer.Slice(DnsQuery.HeaderSize, questionLength).SequenceEqual(query.Slice(DnsQuery.HeaderSize, questionLength));
}
