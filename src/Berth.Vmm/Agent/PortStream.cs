using System.Threading.Channels;
using Berth.Devices;
using Berth.Devices.Virtio;

namespace Berth.Vmm.Agent;

/// <summary>The agent's console port as a stream. What the guest sends waits in a bounded buffer: a guest that floods it waits for itself.</summary>
internal sealed class PortStream : Stream, IByteSink
{
    private const int Capacity = 1 << 20;

    private readonly object _gate = new();
    private readonly Queue<byte[]> _received = new();
    private readonly Channel<bool> _arrived = Signal(), _room = Signal();
    private int _waiting;
    private int _consumed;
    private bool _closed;

    public PortStream()
    {
        Port = new VirtioConsolePort("berth.agent", this) { RoomAvailable = () => _room.Writer.TryWrite(true) };
    }

    // Raised any number of times, it wakes one waiter once.
    private static Channel<bool> Signal() => Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>The guest's end.</summary>
    public VirtioConsolePort Port { get; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>From the guest, on the device's worker.</summary>
    void IByteSink.Write(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            while (_waiting >= Capacity && !_closed) Monitor.Wait(_gate);
            if (_closed) return;
            _received.Enqueue(data.ToArray());
            _waiting += data.Length;
        }
        _arrived.Writer.TryWrite(true);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        while (true)
        {
            lock (_gate)
            {
                if (_received.TryPeek(out byte[]? first))
                {
                    int count = Math.Min(buffer.Length, first.Length - _consumed);
                    first.AsSpan(_consumed, count).CopyTo(buffer.Span);
                    _consumed += count;
                    _waiting -= count;
                    if (_consumed == first.Length)
                    {
                        _received.Dequeue();
                        _consumed = 0;
                    }
                    Monitor.PulseAll(_gate);
                    return count;
                }
                if (_closed) return 0;
            }
            await _arrived.Reader.ReadAsync(cancellationToken);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            lock (_gate) ObjectDisposedException.ThrowIf(_closed, this);
            buffer = buffer[Port.Send(buffer.Span)..];
            if (!buffer.IsEmpty) await _room.Reader.ReadAsync(cancellationToken);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // Readers get what is there and then the end, writers an error.
    private void End()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
            Monitor.PulseAll(_gate);
        }
        _arrived.Writer.TryWrite(true);
        _room.Writer.TryWrite(true);
    }

    protected override void Dispose(bool disposing)
    {
        End();
        base.Dispose(disposing);
    }
}
