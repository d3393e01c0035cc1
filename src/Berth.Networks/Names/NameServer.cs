using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Berth.Networks.Names;

/// <summary>
/// The name server of one network, on the address of its bridge: answers for instances, forwards the rest. What a client can make it hold is
/// bounded: queries under way, connections, and the time of each.
/// </summary>
public sealed class NameServer : IAsyncDisposable
{
    private const int MaxForwarded = 256, MaxConnections = 64, MaxDatagram = 4096, PortAttempts = 16;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(5);

    private readonly INameDirectory _directory;
    private readonly Socket _datagrams;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _forwarded = new(MaxForwarded), _connections = new(MaxConnections);
    private readonly Task _running;

    private NameServer(INameDirectory directory, Socket datagrams, Socket listener)
    {
        (_directory, _datagrams, _listener) = (directory, datagrams, listener);
        _running = Task.WhenAll(ServeDatagramsAsync(), ServeConnectionsAsync());
    }

    /// <summary>The port, the same for UDP and TCP.</summary>
    public int Port => ((IPEndPoint)_datagrams.LocalEndPoint!).Port;

    /// <summary>Listens on a port of the kernel's choice: port 53 of the address is led there by a rule, and the host's own server may have it.</summary>
    /// <exception cref="NetworkException">The address cannot be listened on.</exception>
    public static NameServer Start(IPAddress address, INameDirectory directory)
    {
        for (int attempt = 1; ; attempt++)
        {
            var datagrams = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                datagrams.Bind(new IPEndPoint(address, 0));
                listener.Bind(datagrams.LocalEndPoint!);
                listener.Listen(MaxConnections);
                return new NameServer(directory, datagrams, listener);
            }
            catch (SocketException e)
            {
                datagrams.Dispose();
                listener.Dispose();
                if (e.SocketErrorCode != SocketError.AddressAlreadyInUse || attempt == PortAttempts)
                    throw new NetworkException(NetworkErrorCode.HostLacks, $"the name server cannot listen on {address}: {e.Message}", e);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _datagrams.Dispose();
        _listener.Dispose();
        await _running;
    }

    private async Task ServeDatagramsAsync()
    {
        byte[] buffer = new byte[MaxDatagram];
        var anyone = new IPEndPoint(_datagrams.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                SocketReceiveFromResult received = await _datagrams.ReceiveFromAsync(buffer, SocketFlags.None, anyone, _stopping.Token);
                byte[] message = buffer[..received.ReceivedBytes];
                var client = (IPEndPoint)received.RemoteEndPoint;
                (byte[]? answer, Func<Task<byte[]>>? later) = Answer(message, client.Address, stream: false);
                if (answer is not null)
                    await _datagrams.SendToAsync(answer, SocketFlags.None, client, _stopping.Token);
                else if (later is not null && _forwarded.Wait(0))
                    _ = SendLaterAsync(later, client);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client has gone, or the server ends.
            }
        }
    }

    private async Task SendLaterAsync(Func<Task<byte[]>> later, IPEndPoint client)
    {
        try
        {
            await _datagrams.SendToAsync(await later(), SocketFlags.None, client, _stopping.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // As above.
        }
        finally
        {
            _forwarded.Release();
        }
    }

    private async Task ServeConnectionsAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _connections.WaitAsync(_stopping.Token);
                _ = ServeAsync(await _listener.AcceptAsync(_stopping.Token));
            }
            catch (SocketException)
            {
                _connections.Release(); // the client has gone already
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using var connection = new NetworkStream(socket, ownsSocket: true);
            IPAddress client = ((IPEndPoint)socket.RemoteEndPoint!).Address;
            byte[] length = new byte[2];
            while (true)
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                patience.CancelAfter(s_idle);
                await connection.ReadExactlyAsync(length, patience.Token);
                byte[] message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await connection.ReadExactlyAsync(message, patience.Token);
                (byte[]? answer, Func<Task<byte[]>>? later) = Answer(message, client, stream: true);
                answer ??= later is null ? null : await later();
                if (answer is null)
                    return;
                patience.CancelAfter(s_idle);
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
                await connection.WriteAsync((byte[])[.. length, .. answer], patience.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has gone, was idle for too long, or the server ends.
        }
        finally
        {
            _connections.Release();
        }
    }

    // The answer, or how to get it, or neither when none is due.
    internal (byte[]? Answer, Func<Task<byte[]>>? Later) Answer(byte[] message, IPAddress client, bool stream)
    {
        if (DnsQuery.TryParse(message, out DnsResponseCode? refusal) is not { } query)
            return (refusal is { } code ? DnsAnswer.Refusal(message, code) : null, null);
        int limit = stream ? ushort.MaxValue : query.Udp.Size;
        NameReply reply = !query.IsInternet ? NameReply.Refused
            : query.Type == DnsType.Pointer && ReverseName.TryParse(query.Name) is { } address ? _directory.FindName(client, address)
            : _directory.Find(client, query.Name);
        if (reply.Addresses is { } addresses)
            return (DnsAnswer.Addresses(query, addresses, limit), null);
        if (reply.Pointer is { } name)
            return (DnsAnswer.Pointer(query, name, limit), null);
        if (reply.Forward is not { } servers)
            return (DnsAnswer.Empty(query, DnsResponseCode.Refused), null);
        return (null, async () => await Forwarder.AskAsync(message, query.Question.Length, servers, stream, _stopping.Token) ?? DnsAnswer.Empty(query, DnsResponseCode.ServerFailure));
    }
}
