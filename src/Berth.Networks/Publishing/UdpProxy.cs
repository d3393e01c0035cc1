using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Berth.Networks.Filtering;

namespace Berth.Networks.Publishing;

/// <summary>Carries datagrams to a port of the host on to an endpoint, and the answers back, with a socket for each client that was heard lately.</summary>
internal sealed class UdpProxy : IPortProxy
{
    private const int MaxClients = 1024, MaxDatagram = 65507;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(90);

    private readonly Socket _socket;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<IPEndPoint, Socket> _clients = new();

    public UdpProxy(PublishedPort port)
    {
        _target = new IPEndPoint(port.Target, port.TargetPort);
        _socket = PortProxy.Bind(port, SocketType.Dgram, ProtocolType.Udp);
        _ = ForwardAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Cancel();
        _socket.Dispose();
    }

    private async Task ForwardAsync()
    {
        byte[] buffer = new byte[MaxDatagram];
        var anyone = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                SocketReceiveFromResult received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, anyone, _stopping.Token);
                if (ServerSide((IPEndPoint)received.RemoteEndPoint) is { } server)
                    await server.SendAsync(buffer.AsMemory(0, received.ReceivedBytes), _stopping.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One datagram is lost, as datagrams may be, or the proxy ends.
            }
        }
    }

    // Null when too many clients speak at once.
    private Socket? ServerSide(IPEndPoint client)
    {
        if (_clients.TryGetValue(client, out Socket? known))
            return known;
        if (_clients.Count >= MaxClients)
            return null;
        var server = new Socket(_target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        server.Connect(_target);
        _clients[client] = server;
        _ = ReturnAsync(client, server);
        return server;
    }

    private async Task ReturnAsync(IPEndPoint client, Socket server)
    {
        byte[] buffer = new byte[MaxDatagram];
        try
        {
            while (true)
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                patience.CancelAfter(s_idle);
                int count = await server.ReceiveAsync(buffer, patience.Token);
                await _socket.SendToAsync(buffer.AsMemory(0, count), SocketFlags.None, client, patience.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Silent for long, refused, or the proxy ends.
        }
        finally
        {
            _clients.TryRemove(client, out _);
            server.Dispose();
        }
    }
}
