using System.Threading.Channels;
using Berth.Guest.Protocol;

namespace Berth.Guest;

/// <summary>Output that came and was not read yet, never more than the window.</summary>
internal sealed class OutputQueue
{
    private readonly Channel<byte[]> _parts = Channel.CreateUnbounded<byte[]>();
    private ReadOnlyMemory<byte> _current;
    private int _allowed = FrameHeader.Window, _consumed;

    public bool Ended { get; private set; }

    /// <summary>Takes a part from the guest, which must have had credit for it.</summary>
    public void Add(byte[] part)
    {
        if (Ended || Interlocked.Add(ref _allowed, -part.Length) < 0)
        {
            throw new GuestProtocolException("output after its end, or more than was allowed");
        }
        _parts.Writer.TryWrite(part);
    }

    public void End(Exception? error = null)
    {
        Ended = true;
        _parts.Writer.TryComplete(error);
    }

    /// <summary>Reads what is there, waiting for something; 0 is the end. <c>Grant</c> is what the guest may now send in addition.</summary>
    public async ValueTask<(int Count, int Grant)> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        while (_current.IsEmpty)
        {
            if (!await _parts.Reader.WaitToReadAsync(cancellation))
            {
                return (0, 0);
            }
            _ = _parts.Reader.TryRead(out byte[]? part);
            _current = part;
        }
        int count = Math.Min(buffer.Length, _current.Length);
        _current[..count].CopyTo(buffer);
        _current = _current[count..];
        _consumed += count;
        int grant = _consumed >= FrameHeader.Window / 4 && !Ended ? _consumed : 0;
        if (grant > 0)
        {
            _consumed = 0;
            Interlocked.Add(ref _allowed, grant);
        }
        return (count, grant);
    }
}
