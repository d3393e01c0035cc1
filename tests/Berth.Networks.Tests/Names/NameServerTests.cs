using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Berth.Networks.Names;

namespace Berth.Networks.Tests.Names;

public sealed class NameServerTests
{
    private const ushort A = 1, Ptr = 12, Aaaa = 28, Mx = 15;
    private static readonly IPAddress First = IPAddress.Parse("10.1.0.2"), Second = IPAddress.Parse("fd01::2");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("web", A, 0, 1)]
    [InlineData("WEB.", A, 0, 1)]
    [InlineData("web", Aaaa, 0, 1)]
    [InlineData("web", Mx, 0, 0)]
    [InlineData("other", A, 5, 0)]
    [InlineData("2.0.1.10.in-addr.arpa", Ptr, 0, 1)]
    [InlineData("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.d.f.ip6.arpa", Ptr, 0, 1)]
    [InlineData("9.0.1.10.in-addr.arpa", Ptr, 5, 0)]
    public async Task Answer_Datagram_HasCodeAndRecords(string name, ushort type, int code, int records)
    {
        await using NameServer server = NameServer.Start(IPAddress.Loopback, new FixedDirectory([First, Second]));
        foreach (bool extended in (bool[])[false, true])
        {
            byte[] query = QuestionBytes.Query(name, type, extended: extended);
            byte[] answer = await AskAsync(server, query);
            Assert.Equal((0x1234, code, records), (Number(answer, 0), answer[3] & 15, Number(answer, 6)));
            Assert.Equal(extended ? 1 : 0, Number(answer, 10));
        }
    }

    [Fact]
    public async Task Answer_Stream_AnswersSeveralInTurn()
    {
        await using NameServer server = NameServer.Start(IPAddress.Loopback, new FixedDirectory([First]));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Token);
        NetworkStream stream = client.GetStream();
        for (ushort id = 1; id <= 3; id++)
            Assert.Equal((id, 1), (Number(await AskAsync(stream, QuestionBytes.Query("web", A, id)), 0), 1));
    }

    [Fact]
    public async Task Answer_MoreAddressesThanFit_IsTruncatedOverDatagramsAndWholeOverStreams()
    {
        IPAddress[] many = [.. Enumerable.Range(1, 200).Select(static i => IPAddress.Parse($"10.1.1.{i}"))];
        await using NameServer server = NameServer.Start(IPAddress.Loopback, new FixedDirectory(many));
        byte[] cut = await AskAsync(server, QuestionBytes.Query("web", A));
        Assert.True((cut[2] & 2) != 0 && cut.Length <= 512);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Token);
        byte[] whole = await AskAsync(client.GetStream(), QuestionBytes.Query("web", A));
        Assert.Equal((0, 200), (whole[2] & 2, Number(whole, 6)));
    }

    [Fact]
    public async Task Answer_Malformed_IsAFormatErrorOrNothing()
    {
        await using NameServer server = NameServer.Start(IPAddress.Loopback, new FixedDirectory([First]));
        byte[] two = QuestionBytes.Query("web", A);
        two[5] = 2;
        Assert.Equal(1, (await AskAsync(server, two))[3] & 15);
        byte[] update = QuestionBytes.Query("web", A);
        update[2] = 5 << 3;
        Assert.Equal(4, (await AskAsync(server, update))[3] & 15);
        byte[] loop = [.. QuestionBytes.Query("", A)[..12], 0xC0, 12, 0, 1, 0, 1];
        Assert.Equal(1, (await AskAsync(server, loop))[3] & 15);
        byte[] anAnswer = QuestionBytes.Query("web", A);
        anAnswer[2] |= 0x80;
        Assert.Equal((null, null), server.Answer(anAnswer, First, stream: false));
        Assert.Equal((null, null), server.Answer([1, 2, 3], First, stream: false));
    }

    [Fact]
    public async Task Answer_RandomBytes_NeverThrowsAndNeverGrowsBeyondItsLimit()
    {
        await using NameServer server = NameServer.Start(IPAddress.Loopback, new FixedDirectory([First, Second]));
        var random = new Random(20240607);
        byte[] sound = QuestionBytes.Query("web", A, extended: true);
        for (int i = 0; i < 200_000; i++)
        {
            byte[] message = new byte[random.Next(80)];
            random.NextBytes(message);
            if (i % 2 == 0)
            {
                message = [.. sound];
                for (int change = random.Next(4); change >= 0; change--)
                    message[random.Next(message.Length)] = (byte)random.Next(256);
                message = message[..random.Next(message.Length + 1)];
            }
            (byte[]? answer, Func<Task<byte[]>>? later) = server.Answer(message, First, stream: false);
            Assert.Null(later);
            if (answer is not null)
                Assert.True(answer.Length <= 4096 && (answer[2] & 0x80) != 0 && Number(answer, 0) == Number(message, 0));
        }
    }

    [Fact]
    public async Task Forward_NobodyListens_IsAServerFailure()
    {
        // 127.0.0.9 has no name server.
        byte[] query = QuestionBytes.Query("elsewhere.test", A);
        Assert.Null(await Forwarder.AskAsync(query, query.Length - 12, [IPAddress.Parse("127.0.0.9")], stream: true, Token));
        await using NameServer server = NameServer.Start(IPAddress.Loopback, new FixedDirectory([First], [IPAddress.Parse("127.0.0.9")]));
        Assert.Equal(2, (await AskAsync(server, query))[3] & 15);
    }

    private static async Task<byte[]> AskAsync(NameServer server, byte[] query)
    {
        using var client = new UdpClient();
        client.Connect(IPAddress.Loopback, server.Port);
        await client.SendAsync(query, Token);
        return (await client.ReceiveAsync(Token)).Buffer;
    }

    private static async Task<byte[]> AskAsync(NetworkStream stream, byte[] query)
    {
        await stream.WriteAsync((byte[])[(byte)(query.Length >> 8), (byte)query.Length, .. query], Token);
        byte[] length = new byte[2];
        await stream.ReadExactlyAsync(length, Token);
        byte[] answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(answer, Token);
        return answer;
    }

    private static ushort Number(byte[] message, int at) => BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at));
}
