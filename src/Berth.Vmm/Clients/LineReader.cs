using System.Net.Sockets;
using Berth.Linux;
using Berth.Vmm.Control;

namespace Berth.Vmm.Clients;

/// <summary>Lines from a blocking unix socket, and the descriptors that came with them.</summary>
internal sealed class LineReader(Socket socket) : IDisposable
{
    private const int MaxDescriptors = 3;

    private readonly List<FileDescriptor> _descriptors = [];
    private byte[] _buffer = new byte[4096];
    private int _start, _end;

    /// <summary>The next line without its end; null at the end of the connection, and when a line is longer than allowed.</summary>
    public byte[]? Next()
    {
        while (true)
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                byte[] line = _buffer[_start..(_start + length)];
                _start += length + 1;
                return line;
            }
            if (!Fill()) return null;
        }
    }

    /// <summary>The descriptors received so far; they belong to the caller now.</summary>
    public FileDescriptor[] TakeDescriptors()
    {
        FileDescriptor[] all = [.. _descriptors];
        _descriptors.Clear();
        return all;
    }

    /// <summary>What was received behind the last line.</summary>
    public ReadOnlySpan<byte> Rest => _buffer.AsSpan(_start, _end - _start);

    public void Dispose()
    {
        foreach (FileDescriptor descriptor in _descriptors) descriptor.Dispose();
        _descriptors.Clear();
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= ControlSocket.MaxLine) return false;
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
        int count = Libc.ReceiveDescriptors(socket.SafeHandle, _buffer.AsSpan(_end), out FileDescriptor[] received);
        foreach (FileDescriptor descriptor in received)
        {
            if (_descriptors.Count < MaxDescriptors) _descriptors.Add(descriptor);
            else descriptor.Dispose();
        }
        _end += count;
        return count > 0;
    }
}
