using System.Net;
using System.Net.Sockets;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Passes bytes on to a server until it has answered so many, and then nothing more until told.</summary>
internal sealed class StallingProxy : IAsyncDisposable
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LoopbackServer _server;
    private readonly IPEndPoint _target;
    private long _left;

    public StallingProxy(string target, long bytes)
    {
        (_target, _left) = (IPEndPoint.Parse(target), bytes);
        _server = new LoopbackServer(ServeAsync);
    }

    public string Authority => _server.Authority;

    public void Release() => _released.TrySetResult();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(_target, stop);
        await await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream(), stop), AnswerAsync(server.GetStream(), client.GetStream(), stop));
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to, CancellationToken stop)
    {
        byte[] buffer = new byte[16384];
        while (await from.ReadAsync(buffer, stop) is > 0 and int count)
        {
            if (Interlocked.Add(ref _left, -count) < 0)
            {
                await _released.Task.WaitAsync(stop);
            }
            await to.WriteAsync(buffer.AsMemory(0, count), stop);
        }
    }
}
