using System.Net.Sockets;
using Berth.Linux;
using Berth.Vmm.Control;

namespace Berth.Vmm.Clients;

/// <summary>Lines from a blocking unix socket, and the descriptors that came with them.</summary>
internal sealed class LineReader(Socket socket) : IDisposable
{
    private const int MaxDescriptors = 3;

    private readonly List<FileDescriptor> _descriptors = [];
    private readonly LineBuffer _buffer = new();

    /// <summary>The next line without its end; null at the end of the connection, and when a line is longer than allowed.</summary>
    public byte[]? Next()
    {
        while (true)
        {
            if (_buffer.TakeLine() is { } line) return line;
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
    public ReadOnlySpan<byte> Rest => _buffer.Rest;

    public void Dispose()
    {
        foreach (FileDescriptor descriptor in _descriptors) descriptor.Dispose();
        _descriptors.Clear();
    }

    private bool Fill()
    {
        Memory<byte> room = _buffer.Room();
        if (room.IsEmpty) return false;
        int count = Libc.ReceiveDescriptors(socket.SafeHandle, room.Span, out FileDescriptor[] received);
        foreach (FileDescriptor descriptor in received)
        {
            if (_descriptors.Count < MaxDescriptors) _descriptors.Add(descriptor);
            else descriptor.Dispose();
        }
        _buffer.Advance(count);
        return count > 0;
    }
}
