namespace Berth.Cli.Http;

/// <summary>The body of an answer, decoded: of a known length, in chunks, or until the connection ends.</summary>
internal sealed class HttpBody : Stream
{
    private const int MaximumChunkLine = 1024;

    private readonly ReadBuffer _buffer;
    private readonly Framing _framing;
    private long _left;
    private bool _firstChunk = true;

    private HttpBody(ReadBuffer buffer, Framing framing, long left)
    {
        (_buffer, _framing, _left) = (buffer, framing, left);
        Ended = framing == Framing.Length && left == 0;
    }

    private enum Framing
    {
        Length,
        Chunked,
        UntilClose,
    }

    /// <summary>True once the whole body was read: the connection may then carry another request.</summary>
    public bool Ended { get; private set; }

    /// <summary>True when the end of the body is the end of the connection.</summary>
    public bool EndsConnection => _framing == Framing.UntilClose;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>A body of <paramref name="length"/> bytes.</summary>
    public static HttpBody OfLength(ReadBuffer buffer, long length) => new(buffer, Framing.Length, length);

    /// <summary>A body in chunks ([RFC9112] section 7.1).</summary>
    public static HttpBody Chunked(ReadBuffer buffer) => new(buffer, Framing.Chunked, 0);

    /// <summary>A body that lasts as long as the connection.</summary>
    public static HttpBody UntilClose(ReadBuffer buffer) => new(buffer, Framing.UntilClose, long.MaxValue);

    public override int Read(Span<byte> buffer)
    {
        if (Ended || buffer.IsEmpty)
        {
            return 0;
        }
        if (_framing == Framing.Chunked && _left == 0 && !NextChunk())
        {
            return 0;
        }
        var count = _buffer.Read(buffer[..(int)Math.Min(buffer.Length, _left)]);
        if (count == 0)
        {
            if (_framing == Framing.UntilClose)
            {
                Ended = true;
                return 0;
            }
            throw new ProtocolException("the daemon closed the connection in the middle of an answer");
        }
        if (_framing != Framing.UntilClose)
        {
            _left -= count;
            Ended = _framing == Framing.Length && _left == 0;
        }
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Reads the whole body.</summary>
    /// <exception cref="ProtocolException">It is larger than <paramref name="limit"/>.</exception>
    public ReadOnlyMemory<byte> ReadAll(int limit = 256 * 1024 * 1024)
    {
        var bytes = new byte[4096];
        var length = 0;
        while (true)
        {
            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, bytes.Length * 4);
            }
            var count = Read(bytes.AsSpan(length));
            if (count == 0)
            {
                return bytes.AsMemory(0, length);
            }
            length += count;
            if (length > limit)
            {
                throw new ProtocolException($"the daemon's answer is larger than {limit} bytes");
            }
        }
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private bool NextChunk()
    {
        if (!_firstChunk && _buffer.ReadLine(MaximumChunkLine).Length != 0)
        {
            throw new ProtocolException("the daemon sent a chunk that is longer than it said");
        }
        _firstChunk = false;
        var line = _buffer.ReadLine(MaximumChunkLine);
        var extension = line.IndexOf(';', StringComparison.Ordinal);
        var digits = (extension < 0 ? line : line[..extension]).Trim();
        if (!Digits.TryParseHex(digits, out _left))
        {
            throw new ProtocolException($"the daemon sent a chunk of unreadable length \"{Shorten(digits)}\"");
        }
        if (_left > 0)
        {
            return true;
        }
        for (var trailers = 0; _buffer.ReadLine(MaximumChunkLine).Length != 0; trailers++)
        {
            if (trailers > 64)
            {
                throw new ProtocolException("the daemon sent too many trailers");
            }
        }
        Ended = true;
        return false;
    }

    private static string Shorten(string text) => text.Length <= 32 ? text : text[..32] + "…";
}
