using System.Net.Sockets;
using System.Text.Json;
using Berth.Linux;

namespace Berth.Containers.Supervision;

/// <summary>Client side of one connection: a request line, response lines, then perhaps a raw stream.</summary>
internal sealed class SupervisorConnection : IDisposable
{
    private const int MaxLineBytes = 64 << 20; // a list of every process; the peer is the own supervisor
    private readonly Queue<FileDescriptor> _descriptors = new();
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    private SupervisorConnection(Socket socket) => Socket = socket;

    public Socket Socket { get; }

    public static async Task<SupervisorConnection> OpenAsync(string path, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new SupervisorConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task SendAsync(SupervisorRequest request, CancellationToken cancellationToken, FileDescriptor? descriptor = null)
    {
        byte[] line = JsonSerializer.SerializeToUtf8Bytes(request, SupervisionJson.Default.SupervisorRequest);
        if (line.Length >= SupervisorRequest.MaxBytes)
            throw new SupervisorException(SupervisorErrorKind.Invalid, $"the request has {line.Length} bytes, more than the allowed {SupervisorRequest.MaxBytes}");
        Array.Resize(ref line, line.Length + 1);
        line[^1] = (byte)'\n';
        int sent = descriptor is null ? 0 : DescriptorPassing.Send(Socket, line, descriptor);
        try
        {
            while (sent < line.Length)
                sent += await Socket.SendAsync(line.AsMemory(sent), SocketFlags.None, cancellationToken);
        }
        catch (SocketException)
        {
            // The supervisor may have refused early; its answer, if any, says why.
        }
    }

    public async Task<SupervisorResponse> ReceiveAsync(CancellationToken cancellationToken)
    {
        int scanned = 0;
        while (true)
        {
            int newline = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                ReadOnlySpan<byte> line = _buffer.AsSpan(_start, scanned + newline);
                _start += scanned + newline + 1;
                return JsonSerializer.Deserialize(line, SupervisionJson.Default.SupervisorResponse) ?? throw Lost(null);
            }
            scanned = _end - _start;
            MakeRoom();
            try
            {
                await Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken); // waits for bytes without taking them
                int count = DescriptorPassing.Receive(Socket, _buffer.AsSpan(_end), _descriptors);
                if (count == 0)
                    throw Lost(null);
                _end += Math.Max(count, 0);
            }
            catch (Exception e) when (e is SocketException or LinuxException)
            {
                throw Lost(e);
            }
        }
    }

    /// <summary>The oldest descriptor that came with the lines received; null when none did.</summary>
    public FileDescriptor? TakeDescriptor() => _descriptors.TryDequeue(out FileDescriptor? descriptor) ? descriptor : null;

    /// <summary>Bytes of the raw stream that came in together with the response line.</summary>
    public int TakeBuffered(Span<byte> destination)
    {
        int count = Math.Min(destination.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(destination);
        _start += count;
        return count;
    }

    public void Dispose()
    {
        Socket.Dispose();
        while (_descriptors.TryDequeue(out FileDescriptor? descriptor))
            descriptor.Dispose();
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end < _buffer.Length)
            return;
        if (_buffer.Length >= MaxLineBytes)
            throw new SupervisorException(SupervisorErrorKind.System, "the supervisor's answer does not end");
        Array.Resize(ref _buffer, _buffer.Length * 2);
    }

    private static SupervisorException Lost(Exception? inner) =>
        new(SupervisorErrorKind.Unavailable, "the supervisor closed the connection", inner: inner);
}
