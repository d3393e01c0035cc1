using System.Net;
using System.Net.Sockets;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Passes bytes on to a server until it has answered, or was sent, so many, and then nothing more that way until told.</summary>
internal sealed class StallingProxy : IAsyncDisposable
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _requests;
    private readonly LoopbackServer _server;
    private readonly IPEndPoint _target;
    private long _left;

    /// <param name="target">Address and port of the server.</param>
    /// <param name="bytes">How many pass.</param>
    /// <param name="requests">Whether requests are held, not answers.</param>
    public StallingProxy(string target, long bytes, bool requests = false)
    {
        (_target, _left, _requests) = (IPEndPoint.Parse(target), bytes, requests);
        _server = new LoopbackServer(ServeAsync);
    }

    public string Authority => _server.Authority;

    /// <summary>Completes when bytes are held for the first time.</summary>
    public Task Stalled => _stalled.Task;

    public void Release() => _released.TrySetResult();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(_target, stop);
        NetworkStream near = client.GetStream(), far = server.GetStream();
        await await Task.WhenAny(_requests ? HoldAsync(near, far, stop) : near.CopyToAsync(far, stop), _requests ? far.CopyToAsync(near, stop) : HoldAsync(far, near, stop));
    }

    private async Task HoldAsync(NetworkStream from, NetworkStream to, CancellationToken stop)
    {
        byte[] buffer = new byte[16384];
        while (await from.ReadAsync(buffer, stop) is > 0 and int count)
        {
            if (Interlocked.Add(ref _left, -count) < 0)
            {
                _stalled.TrySetResult();
                await _released.Task.WaitAsync(stop);
            }
            await to.WriteAsync(buffer.AsMemory(0, count), stop);
        }
    }
}
