using Berth.Linux;
using Berth.Supervisor.Events;

namespace Berth.Supervisor.Streams;

/// <summary>The writing end of a process's standard input (FIFO or terminal), with room for what the process does not read yet.</summary>
internal sealed class InputSink : IDisposable
{
    public const int MaxWaitingBytes = 256 << 10;

    private readonly FileDescriptor _descriptor;
    private readonly Registration _registration;
    private readonly ByteQueue _waiting = new();
    private readonly Action _drained;
    private readonly Action _closed;
    private bool _closing;
    private bool _disposed;

    public InputSink(EventLoop loop, FileDescriptor descriptor, Action drained, Action closed)
    {
        _descriptor = descriptor;
        _drained = drained;
        _closed = closed;
        _registration = loop.Register(descriptor, 0, _ => Flush());
    }

    public bool IsFull => _waiting.Count >= MaxWaitingBytes;

    public FileDescriptor Descriptor => _descriptor;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_closing || _disposed)
            return;
        _waiting.Add(bytes);
        Flush();
    }

    /// <summary>End of file after what was written.</summary>
    public void CloseWhenDrained()
    {
        _closing = true;
        if (_waiting.Count == 0)
            Close();
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _registration.Dispose();
        _descriptor.Dispose();
    }

    private void Flush()
    {
        while (_waiting.Count > 0)
        {
            int count = Libc.TryWrite(_descriptor, _waiting.Span);
            if (count == -(int)Errno.EAGAIN)
            {
                _registration.Events = Libc.EPOLLOUT;
                return;
            }
            if (count < 0) // the reader closed its input: what is sent to it is nobody's
            {
                _waiting.Clear();
                Close();
                return;
            }
            _waiting.Remove(count);
        }
        _registration.Events = 0;
        if (_closing)
            Close();
        else
            _drained();
    }

    private void Close()
    {
        if (_disposed)
            return;
        Dispose();
        _closed();
    }
}
