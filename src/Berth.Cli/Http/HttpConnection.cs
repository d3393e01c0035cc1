using System.Globalization;
using System.Text;
using Berth.Linux;

namespace Berth.Cli.Http;

/// <summary>
/// HTTP/1.1 on one connection, no more than the Docker Engine API needs: requests one after another, bodies of known length or in
/// chunks, and the switch to a raw stream ("hijack").
/// </summary>
internal sealed class HttpConnection(Stream stream) : IDisposable
{
    private const int MaximumHeaderLine = 8 * 1024;
    private const int MaximumHeaders = 128;

    private readonly ReadBuffer _buffer = new(stream);
    private HttpResponse? _last;

    /// <summary>The connection's descriptor, to wait on it; null in tests without a socket.</summary>
    public FileDescriptor? Descriptor => (stream as DescriptorStream)?.Descriptor;

    /// <summary>Bytes read ahead; they must be read before waiting on <see cref="Descriptor"/>.</summary>
    public int Buffered => _buffer.Buffered;

    /// <summary>Sends a request with a body of known length, or without one.</summary>
    public void Send(string method, string target, ReadOnlySpan<byte> body = default, string? contentType = null, bool upgrade = false, string? registryAuth = null)
    {
        var head = Head(method, target, contentType, upgrade);
        if (registryAuth is not null)
        {
            head.Append("X-Registry-Auth: ").Append(registryAuth).Append("\r\n");
        }
        if (body.Length > 0 || method is "POST" or "PUT")
        {
            head.Append("Content-Length: ").Append(Digits.Text(body.Length)).Append("\r\n");
        }
        head.Append("\r\n");
        // One write for head and body: the daemon wakes up once.
        var headLength = Encoding.UTF8.GetByteCount(head.ToString());
        // Not from the pool: its thread-local storage is code compiled at run time, and the compiler need not even be loaded for a run.
        var bytes = new byte[headLength + body.Length];
        Encoding.UTF8.GetBytes(head.ToString(), bytes);
        body.CopyTo(bytes.AsSpan(headLength));
        stream.Write(bytes);
    }

    /// <summary>Sends a request whose body is copied from <paramref name="source"/> in chunks. Stops early when the daemon hangs up: its answer says why.</summary>
    public void SendChunked(string method, string target, string contentType, Stream source, (string Name, string Value)? header = null)
    {
        var lines = Head(method, target, contentType, upgrade: false);
        if (header is { } more)
        {
            lines.Append(more.Name).Append(": ").Append(more.Value).Append("\r\n");
        }
        var head = lines.Append("Transfer-Encoding: chunked\r\n\r\n").ToString();
        stream.Write(Encoding.UTF8.GetBytes(head));
        const int Room = 16;
        var bytes = new byte[Room + 64 * 1024 + 2];
        try
        {
            while (true)
            {
                var count = source.Read(bytes.AsSpan(Room, 64 * 1024));
                if (count == 0)
                {
                    break;
                }
                var size = Encoding.ASCII.GetBytes(count.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
                size.CopyTo(bytes, Room - size.Length);
                "\r\n"u8.CopyTo(bytes.AsSpan(Room + count));
                stream.Write(bytes.AsSpan(Room - size.Length, size.Length + count + 2));
            }
            stream.Write("0\r\n\r\n"u8);
        }
        catch (LinuxException e) when (e.Errno is Errno.EPIPE or ECONNRESET)
        {
            // The daemon answered before it had read everything.
        }
    }

    private const Errno ECONNRESET = (Errno)104;

    /// <summary>Reads the head of the answer to a request of <paramref name="method"/>; interim answers (1xx but 101) are skipped.</summary>
    public HttpResponse Receive(string method)
    {
        while (true)
        {
            var statusLine = _buffer.ReadLine(MaximumHeaderLine);
            var status = StatusOf(statusLine);
            var headers = ReadHeaders();
            if (status is >= 100 and < 200 and not 101)
            {
                continue;
            }
            return _last = new HttpResponse(status, statusLine.Length > 13 ? statusLine[13..] : "", headers, BodyOf(method, status, headers));
        }
    }

    /// <summary>Reads raw bytes after a hijack.</summary>
    public int ReadRaw(Span<byte> buffer) => _buffer.Read(buffer);

    /// <summary>True when the last answer was read to its end and the daemon keeps the connection open.</summary>
    public bool Reusable => _last is { } last && last.Status != 101 && last.Body.Ended && !last.Body.EndsConnection
        && !string.Equals(last.Header("Connection"), "close", StringComparison.OrdinalIgnoreCase) && Buffered == 0;

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private static StringBuilder Head(string method, string target, string? contentType, bool upgrade)
    {
        foreach (var c in target)
        {
            if (c <= ' ')
            {
                throw new ArgumentException("a request target must be escaped", nameof(target));
            }
        }
        var head = new StringBuilder(256);
        head.Append(method).Append(' ').Append(target).Append(" HTTP/1.1\r\nHost: berth\r\nUser-Agent: berth\r\n");
        if (contentType is not null)
        {
            head.Append("Content-Type: ").Append(contentType).Append("\r\n");
        }
        if (upgrade)
        {
            head.Append("Connection: Upgrade\r\nUpgrade: tcp\r\n");
        }
        return head;
    }

    // [RFC9112] section 4: "HTTP/1.1 200 OK"; the reason may be missing.
    private static int StatusOf(string line)
    {
        if (line.Length >= 12 && (line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) || line.StartsWith("HTTP/1.0 ", StringComparison.Ordinal))
            && line[9] is >= '1' and <= '9' && char.IsAsciiDigit(line[10]) && char.IsAsciiDigit(line[11]) && (line.Length == 12 || line[12] == ' '))
        {
            return ((line[9] - '0') * 100) + ((line[10] - '0') * 10) + line[11] - '0';
        }
        throw new ProtocolException("what answers on the socket does not speak HTTP/1.1; is it berthd?");
    }

    private HttpHeaders ReadHeaders()
    {
        var headers = new HttpHeaders();
        for (var count = 0; ; count++)
        {
            var line = _buffer.ReadLine(MaximumHeaderLine);
            if (line.Length == 0)
            {
                return headers;
            }
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || line[0] is ' ' or '\t')
            {
                throw new ProtocolException("the daemon sent a header without a name");
            }
            if (count >= MaximumHeaders)
            {
                throw new ProtocolException($"the daemon sent more than {MaximumHeaders} headers");
            }
            headers.Add(line[..colon].TrimEnd(), line[(colon + 1)..].Trim());
        }
    }

    private HttpBody BodyOf(string method, int status, HttpHeaders headers)
    {
        if (method == "HEAD" || status is 204 or 304)
        {
            return HttpBody.OfLength(_buffer, 0);
        }
        if (status == 101)
        {
            return HttpBody.UntilClose(_buffer);
        }
        if (headers.Find("Transfer-Encoding") is { } coding)
        {
            return coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                ? HttpBody.Chunked(_buffer)
                : throw new ProtocolException($"the daemon uses a transfer coding this client does not know: {coding}");
        }
        if (headers.Find("Content-Length") is { } text)
        {
            return Digits.TryParse(text, out var length)
                ? HttpBody.OfLength(_buffer, length)
                : throw new ProtocolException("the daemon sent an unreadable Content-Length");
        }
        return HttpBody.UntilClose(_buffer);
    }
}
