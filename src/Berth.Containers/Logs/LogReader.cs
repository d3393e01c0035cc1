using System.Runtime.CompilerServices;

namespace Berth.Containers.Logs;

/// <summary>Reads a container's log, also while it is being written.</summary>
public static class LogReader
{
    /// <summary>The selected entries in the order they were recorded. A missing directory is an empty log.</summary>
    public static async IAsyncEnumerable<LogEntry> ReadAsync(
        string directory, LogReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // The watch is set before the first look, so that nothing written in between is missed.
        using DirectoryWatch? watch = options.Follow && Directory.Exists(directory) ? DirectoryWatch.Start(directory) : null;
        (LogPosition Position, long Skip)? tail = options.Tail is null ? null : LogTail.Find(directory, options);
        long skip = tail?.Skip ?? 0;
        if (options.Tail == 0 && tail is null)
            skip = long.MaxValue;
        using LogCursor cursor = new(directory, tail?.Position);
        bool[] atLineStart = [true, true, true];
        bool ended = false;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (options.End is { } stop && cursor.Position >= stop)
                yield break;
            if (!cursor.TryRead(out LogRecord record, out ReadOnlyMemory<byte> payload))
            {
                if (watch is null || ended || !await watch.WaitAsync(options, cancellationToken))
                    yield break;
                continue;
            }
            if (record.IsMarker)
            {
                ended = record.IsEnd;
                continue;
            }
            ended = false;
            if (record.Time > options.UntilNanoseconds)
                yield break;
            if (record.Time < options.SinceNanoseconds || !options.Selects((StdioChannel)record.Stream))
                continue;
            while (!payload.IsEmpty)
            {
                int length = LineLength(payload.Span, out bool partial);
                if (skip == 0)
                    yield return new LogEntry(record.Time, (StdioChannel)record.Stream, payload[..length], atLineStart[record.Stream], partial);
                else if (!partial)
                    skip--;
                atLineStart[record.Stream] = !partial;
                payload = payload[length..];
            }
        }
    }

    private static int LineLength(ReadOnlySpan<byte> payload, out bool partial)
    {
        int newline = payload[..Math.Min(payload.Length, LogFormat.MaxLineBytes)].IndexOf((byte)'\n');
        partial = newline < 0;
        return partial ? Math.Min(payload.Length, LogFormat.MaxLineBytes) : newline + 1;
    }
}
