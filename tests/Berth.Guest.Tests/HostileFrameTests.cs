using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Berth.Guest.Protocol;

namespace Berth.Guest.Tests;

public sealed class HostileFrameTests
{
    private static CancellationToken Token => NativeAgent.Token;

    private static byte[] Frame(int type, byte[] payload, uint id = 0, byte flags = 0, uint? length = null)
    {
        byte[] frame = new byte[12 + payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, length ?? (uint)payload.Length);
        frame[4] = (byte)type;
        frame[5] = flags;
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), id);
        payload.CopyTo(frame, 12);
        return frame;
    }

    private static byte[] Hello => Frame(1, [.. "BRTH"u8, 4, 0, 0, 0]);

    public static TheoryData<byte[]> Violations => new(
        Frame(9, []), // no greeting first
        Frame(1, [1, 2, 3]),
        Frame(1, [.. "BRTH"u8, 9, 0, 0, 0]),
        Frame(1, [], length: uint.MaxValue),
        Frame(1, [], length: 65537),
        [.. Hello, .. Enumerable.Repeat((byte)255, 64)]);

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task Agent_StreamCannotBeTrusted_SaysWhyAndEnds(byte[] bytes)
    {
        await using NativeAgent agent = await NativeAgent.StartRawAsync();
        await agent.Raw.WriteAsync(bytes, Token);
        using var said = new MemoryStream();
        await agent.Raw.CopyToAsync(said, Token);
        await agent.Process.WaitForExitAsync(Token);
        Assert.Equal(0, agent.Process.ExitCode);
        Assert.Contains("protocol: ", Encoding.Latin1.GetString(said.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_RandomPayloads_NeverFalls()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        var random = new Random(20);
        // Neither credit nor shutdown: those may end the session rightly.
        int[] types = [2, 3, 3, 3, 4, 5, 6, 7, 9, 11, 77, 255];
        for (int i = 0; i < 3000; i++)
        {
            byte[] payload = new byte[random.Next(0, 80)];
            random.NextBytes(payload);
            for (int at = 0; at < payload.Length; at++)
            {
                payload[at] = random.Next(3) > 0 ? (byte)random.Next(4) : payload[at];
            }
            await agent.Raw.WriteAsync(Frame(types[random.Next(types.Length)], payload, id: 1_000_000, flags: (byte)random.Next(4)), Token);
        }
        // Answers to ids the channel never gave break the client, rightly; the agent itself still runs.
        await Task.WhenAny(agent.Channel.Completion, Task.Delay(TimeSpan.FromSeconds(30), Token));
        Assert.False(agent.Process.HasExited);
    }

    [Fact]
    public async Task Agent_FrameByteByByte_IsUnderstood()
    {
        await using NativeAgent agent = await NativeAgent.StartRawAsync();
        foreach (byte value in Hello)
        {
            await agent.Raw.WriteAsync(new[] { value }, Token);
        }
        byte[] header = new byte[12];
        await agent.Raw.ReadExactlyAsync(header, Token);
        Assert.Equal(129, header[4]);
    }

    [Theory]
    [InlineData(132, 5, 1)] // output of a process that does not exist
    [InlineData(200, 0, 0)] // unknown
    [InlineData(131, 0, 0)]
    [InlineData(135, 0, 0)] // payload too short
    [InlineData(129, 0, 0)]
    public async Task Channel_GuestSendsNonsense_BreaksOnlyTheChannel(int type, uint id, byte flags)
    {
        (Stream host, Stream guest) = await PairAsync();
        await using (guest)
        {
            await guest.WriteAsync(Frame(129, [.. "BRTH"u8, 4, 0, 0, 0, 1, 0, 0, 0, (byte)'x']), Token);
            await using GuestChannel channel = await GuestChannel.ConnectAsync(host, null, Token);
            Assert.Equal("x", channel.KernelRelease);
            await guest.WriteAsync(Frame(type, [], id, flags), Token);
            await Assert.ThrowsAsync<GuestProtocolException>(() => channel.Completion.WaitAsync(Token));
            await Assert.ThrowsAsync<GuestProtocolException>(() => channel.GetStatsAsync(Token));
        }
    }

    [Fact]
    public async Task Channel_GuestFloodsAStream_BreaksAtTheWindow()
    {
        (Stream host, Stream guest) = await PairAsync();
        await using (guest)
        {
            await guest.WriteAsync(Frame(129, [.. "BRTH"u8, 4, 0, 0, 0, 0, 0, 0, 0]), Token);
            await using GuestChannel channel = await GuestChannel.ConnectAsync(host, null, Token);
            await guest.WriteAsync(Frame(131, [1, 0, 0, 0], id: 1), Token);
            Task<GuestProcess> start = channel.StartAsync(new GuestProcessSpec { Args = ["x"] }, Token);
            for (int i = 0; i < 3 && !channel.Completion.IsCompleted; i++)
            {
                await guest.WriteAsync(Frame(132, new byte[FrameHeader.MaxPayload], id: 1, flags: 1), Token);
            }
            await Assert.ThrowsAsync<GuestProtocolException>(() => channel.Completion.WaitAsync(Token));
            await start.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        }
    }

    private static async Task<(Stream Host, Stream Guest)> PairAsync()
    {
        string path = Path.Combine(Path.GetTempPath(), "berth-" + Guid.NewGuid().ToString("n")[..12]);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(path), Token);
        Socket server = await listener.AcceptAsync(Token);
        File.Delete(path);
        return (new NetworkStream(client, true), new NetworkStream(server, true));
    }
}
