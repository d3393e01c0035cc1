using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Berth.Engine.Instances;

namespace Berth.Daemon.Http;

/// <summary>
/// Logged output as the API sends it: raw with a terminal, else in frames of <c>[stream 0 0 0][u32 length][payload]</c>, each line
/// prefixed by its time when asked.
/// </summary>
internal sealed class LogFraming(PipeWriter output, bool tty, bool timestamps, bool details)
{
    private readonly bool[] _insideLine = new bool[3];

    /// <summary>Writes all entries, flushing whenever no further entry is at hand.</summary>
    public async Task WriteAllAsync(IAsyncEnumerable<LogEntry> entries, CancellationToken cancellationToken)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using IAsyncEnumerator<LogEntry> reader = entries.GetAsyncEnumerator(gone.Token);
        while (true)
        {
            ValueTask<bool> next = reader.MoveNextAsync();
            if (!next.IsCompleted || output.UnflushedBytes > 64 * 1024)
            {
                FlushResult flushed = await output.FlushAsync(cancellationToken);
                if (flushed.IsCompleted)
                {
                    // Nobody reads any more; the pending move ends with the token.
                    await gone.CancelAsync();
                }
            }
            if (!await next)
            {
                break;
            }
            Write(reader.Current);
        }
        await output.FlushAsync(cancellationToken);
    }

    private void Write(LogEntry entry)
    {
        int stream = entry.Stream == 2 ? 2 : 1;
        byte[] prefix = _insideLine[stream] ? [] : Prefix(entry.Time);
        _insideLine[stream] = entry.Partial;
        int length = prefix.Length + entry.Data.Length;
        if (!tty)
        {
            Span<byte> header = output.GetSpan(8)[..8];
            header.Clear();
            header[0] = (byte)stream;
            BinaryPrimitives.WriteInt32BigEndian(header[4..], length);
            output.Advance(8);
        }
        Append(prefix);
        Append(entry.Data.Span);
    }

    private byte[] Prefix(DateTimeOffset time)
    {
        if (!timestamps && !details)
        {
            return [];
        }
        // Go's RFC3339NanoFixed: always nine digits, so that lines align.
        string text = timestamps ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z '", CultureInfo.InvariantCulture) : "";
        return Encoding.ASCII.GetBytes(details ? text + " " : text);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Span<byte> room = output.GetSpan();
            int count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            output.Advance(count);
            bytes = bytes[count..];
        }
    }
}
