using System.Net;
using System.Net.Sockets;
using Berth.Networks.Filtering;

namespace Berth.Networks.Publishing;

/// <summary>Carries connections to a port of the host on to an endpoint.</summary>
internal sealed class TcpProxy : IPortProxy
{
    private const int Backlog = 512, BufferSize = 64 << 10, MaxConnections = 4096;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _connections = new(MaxConnections);

    public TcpProxy(PublishedPort port)
    {
        _target = new IPEndPoint(port.Target, port.TargetPort);
        _listener = PortProxy.Bind(port, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Listen(Backlog);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        _ = AcceptAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _connections.WaitAsync(_stopping.Token);
                _ = CarryAsync(await _listener.AcceptAsync(_stopping.Token));
            }
            catch (SocketException)
            {
                // The client has gone again, or descriptors are short: not at once again.
                _connections.Release();
                await Task.Delay(s_pause);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(Socket client)
    {
        try
        {
            using (client)
            using (var server = new Socket(_target.AddressFamily, SocketType.Stream, ProtocolType.Tcp))
            {
                await server.ConnectAsync(_target, _stopping.Token);
                (client.NoDelay, server.NoDelay) = (true, true);
                // One way may end long before the other. An error of either ends both.
                Task there = CopyAsync(client, server), back = CopyAsync(server, client);
                await await Task.WhenAny(there, back);
                await Task.WhenAll(there, back);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Closing both sides tells both.
        }
        finally
        {
            _connections.Release();
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[BufferSize];
        while (await from.ReceiveAsync(buffer, _stopping.Token) is > 0 and int count)
        {
            for (int sent = 0; sent < count;)
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stopping.Token);
        }
        to.Shutdown(SocketShutdown.Send);
    }
}
