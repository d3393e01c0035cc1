namespace Berth.Vmm.Control;

/// <summary>Cuts what comes over a control socket, in pieces of any size, into lines of at most <see cref="ControlSocket.MaxLine"/> bytes.</summary>
public sealed class LineBuffer
{
    private byte[] _bytes = new byte[4096];
    private int _start, _end;

    /// <summary>What was received behind the last line taken.</summary>
    public ReadOnlySpan<byte> Rest => _bytes.AsSpan(_start, _end - _start);

    /// <summary>The next whole line without its end, or null.</summary>
    public byte[]? TakeLine()
    {
        int length = Rest.IndexOf((byte)'\n');
        if (length < 0) return null;
        byte[] line = Rest[..length].ToArray();
        _start += length + 1;
        return line;
    }

    /// <summary>Room for more bytes; empty when a line has grown too long.</summary>
    public Memory<byte> Room()
    {
        if (_start > 0)
        {
            Rest.CopyTo(_bytes);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _bytes.Length && _bytes.Length < ControlSocket.MaxLine) Array.Resize(ref _bytes, 2 * _bytes.Length);
        return _bytes.AsMemory(_end);
    }

    /// <summary>Notes how many bytes were written into <see cref="Room"/>.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - _end), nameof(count));
        _end += count;
    }
}
