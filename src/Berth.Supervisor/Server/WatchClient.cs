using Berth.Containers.Supervision;
using Berth.Linux;

namespace Berth.Supervisor.Server;

/// <summary>A client that is told exits and keeps descriptors. One that stops reading is cut off; it watches again and misses nothing.</summary>
internal sealed class WatchClient : IConnectionUser
{
    private const int MaxWaitingBytes = 8 << 20;
    private readonly Connection _connection;
    private readonly Action<WatchClient> _closed;
    private readonly Queue<(byte[] Line, FileDescriptor? Descriptor)> _lines = new();
    private int _waiting;

    public WatchClient(Connection connection, Action<WatchClient> closed)
    {
        _connection = connection;
        _closed = closed;
        connection.User = this;
    }

    /// <summary>Gone already: nothing reaches it.</summary>
    public bool IsClosed => _connection.IsClosed;

    /// <summary>Sends a line, with a descriptor that belongs to the client's queue from now on.</summary>
    public void Tell(SupervisorResponse response, FileDescriptor? descriptor = null)
    {
        if (_connection.IsClosed)
        {
            descriptor?.Dispose();
            return;
        }
        byte[] line = Replies.Line(response);
        _lines.Enqueue((line, descriptor));
        _waiting += line.Length;
        OnOutputTaken();
        if (_waiting > MaxWaitingBytes)
            _connection.Close();
    }

    public void OnInput(ReadOnlySpan<byte> bytes) { }

    public void OnInputEnd() => _connection.Close();

    public void OnOutputTaken()
    {
        while (_connection.Waiting == 0 && !_connection.IsClosed && _lines.TryPeek(out (byte[] Line, FileDescriptor? Descriptor) next))
        {
            if (next.Descriptor is null)
                _connection.Send(next.Line);
            else if (!_connection.TrySend(next.Line, next.Descriptor))
                return;
            next.Descriptor?.Dispose();
            _waiting -= next.Line.Length;
            if (!_lines.TryDequeue(out _))
                return; // closed meanwhile
        }
    }

    public void OnClosed()
    {
        while (_lines.TryDequeue(out (byte[] Line, FileDescriptor? Descriptor) line))
            line.Descriptor?.Dispose();
        _closed(this);
    }
}
