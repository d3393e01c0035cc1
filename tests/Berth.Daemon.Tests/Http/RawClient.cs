using System.Net.Sockets;
using System.Text;

namespace Berth.Daemon.Tests.Http;

/// <summary>A client that says exactly what a test tells it to, byte by byte if need be.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private RawClient() { }

    public static async Task<RawClient> ConnectAsync(string path)
    {
        var client = new RawClient();
        await client._socket.ConnectAsync(new UnixDomainSocketEndPoint(path), TestContext.Current.CancellationToken);
        return client;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes)
    {
        for (int sent = 0; sent < bytes.Length;)
        {
            sent += await _socket.SendAsync(bytes.AsMemory(sent), TestContext.Current.CancellationToken);
        }
    }

    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>What one read with room for much returns, as a client with a buffer makes it.</summary>
    public async Task<string> ReadOnceAsync()
    {
        byte[] room = new byte[65536];
        return Encoding.Latin1.GetString(room, 0, await _socket.ReceiveAsync(room.AsMemory(), TestContext.Current.CancellationToken));
    }

    /// <summary>Reads until <paramref name="mark"/> has come; the result includes it.</summary>
    public async Task<string> ReadUntilAsync(string mark)
    {
        var text = new StringBuilder();
        byte[] one = new byte[1];
        while (!text.ToString().EndsWith(mark, StringComparison.Ordinal))
        {
            if (await _socket.ReceiveAsync(one.AsMemory(), TestContext.Current.CancellationToken) == 0)
            {
                throw new InvalidOperationException($"closed after: {text}");
            }
            text.Append((char)one[0]);
        }
        return text.ToString();
    }

    /// <summary>Reads to the server's close.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        int count;
        while ((count = await ReceiveAsync(buffer)) > 0)
        {
            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        return text.ToString();
    }

    /// <summary>Reads head and body of one answer with a Content-Length.</summary>
    public async Task<(string Head, string Body)> ReadAnswerAsync()
    {
        string head = await ReadUntilAsync("\r\n\r\n");
        string? length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        byte[] body = new byte[length is null ? 0 : int.Parse(length.Split(':')[1])];
        for (int read = 0; read < body.Length;)
        {
            int count = await ReceiveAsync(body.AsMemory(read));
            read += count > 0 ? count : throw new InvalidOperationException("the body is cut short");
        }
        return (head, Encoding.UTF8.GetString(body));
    }

    public void Dispose() => _socket.Dispose();

    private async Task<int> ReceiveAsync(Memory<byte> buffer)
    {
        try
        {
            return await _socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
