using System.Text;

namespace Berth.Cli.Http;

/// <summary>Bytes read ahead from a connection: the head of an answer is parsed here, the body is read through here.</summary>
internal sealed class ReadBuffer(Stream stream)
{
    private readonly byte[] _bytes = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>Bytes read ahead and not yet taken.</summary>
    public int Buffered => _end - _start;

    /// <summary>Reads a line that ends in LF or CR LF; the end is not part of it.</summary>
    /// <exception cref="ProtocolException">The line is longer than <paramref name="limit"/> or the connection ended.</exception>
    public string ReadLine(int limit)
    {
        var scanned = 0;
        while (true)
        {
            var at = _bytes.AsSpan(_start + scanned, Buffered - scanned).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var length = scanned + at;
                if (length > limit)
                {
                    throw TooLong(limit);
                }
                var line = _bytes.AsSpan(_start, length);
                _start += length + 1;
                return Encoding.Latin1.GetString(length > 0 && line[^1] == '\r' ? line[..^1] : line);
            }
            scanned = Buffered;
            if (scanned > limit || scanned == _bytes.Length)
            {
                throw TooLong(limit);
            }
            if (!Fill())
            {
                throw new ProtocolException("the daemon closed the connection in the middle of an answer");
            }
        }
    }

    /// <summary>Reads body bytes: what is buffered first, then from the connection.</summary>
    public int Read(Span<byte> buffer)
    {
        if (Buffered == 0)
        {
            // A large read need not be copied twice.
            if (buffer.Length >= _bytes.Length)
            {
                return stream.Read(buffer);
            }
            if (!Fill())
            {
                return 0;
            }
        }
        var count = Math.Min(buffer.Length, Buffered);
        _bytes.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _bytes.AsSpan(_start, Buffered).CopyTo(_bytes);
            _end -= _start;
            _start = 0;
        }
        var count = stream.Read(_bytes.AsSpan(_end));
        _end += count;
        return count > 0;
    }

    private static ProtocolException TooLong(int limit) => new($"the daemon sent a header line of more than {limit} bytes");
}
