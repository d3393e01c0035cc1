using Berth.Containers.Logs;
using Berth.Linux;
using Berth.Supervisor.Events;

namespace Berth.Supervisor.Streams;

/// <summary>Reads one output of a process (FIFO or terminal) and delivers it.</summary>
internal sealed class OutputPump : IDisposable
{
    private const int MaxDrainBytes = 2 << 20; // more than a pipe holds: a process left behind that writes on cannot keep the drain going
    private readonly EventLoop _loop;
    private readonly FileDescriptor _descriptor;
    private readonly StdioChannel _channel;
    private readonly int _chunk;
    private readonly Action<StdioChannel, byte[], int, bool> _deliver;
    private readonly LogWriter? _splice;
    private readonly Registration _registration;
    private bool _ended;

    /// <summary>With a <paramref name="log"/>, output moves straight into it; only a pipe's can. <paramref name="deliver"/> is told whether it is there.</summary>
    public OutputPump(EventLoop loop, FileDescriptor descriptor, StdioChannel channel, int chunk, LogWriter? log, Action<StdioChannel, byte[], int, bool> deliver)
    {
        _loop = loop;
        _descriptor = descriptor;
        _channel = channel;
        _chunk = chunk;
        _deliver = deliver;
        _splice = log;
        _registration = loop.Register(descriptor, Libc.EPOLLIN, _ => ReadOnce());
    }

    /// <summary>Takes no more while true: the process's writes wait once the pipe is full.</summary>
    public bool Paused
    {
        set => _registration.Events = value || _ended ? 0 : Libc.EPOLLIN;
    }

    /// <summary>Delivers what is in the pipe now, to its end or until it is empty.</summary>
    public void Drain()
    {
        for (int total = 0; total < MaxDrainBytes && ReadOnce() is var count and > 0; total += count)
        {
        }
    }

    public void Dispose()
    {
        _registration.Dispose();
        _descriptor.Dispose();
    }

    private int ReadOnce()
    {
        if (_ended)
            return 0;
        if (_splice?.Splice(_channel, _descriptor, _loop.Scratch, _chunk) is { } moved and > 0)
        {
            _deliver(_channel, _loop.Scratch, moved, true);
            return moved;
        }
        // Empty or ended, or the log cannot take a splice (a full disk).
        int count = Libc.TryRead(_descriptor, _loop.Scratch.AsSpan(LogWriter.ReservedBefore, _chunk));
        if (count > 0)
        {
            _deliver(_channel, _loop.Scratch, count, false);
            return count;
        }
        if (count == -(int)Errno.EAGAIN)
            return 0;
        _ended = true; // closed by every writer (a terminal says EIO then)
        _registration.Events = 0;
        return 0;
    }
}
