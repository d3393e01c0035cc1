namespace Berth.Containers.Logs;

/// <summary>Finds the last lines of a log by reading it backwards, so that its size does not matter.</summary>
internal static class LogTail
{
    /// <summary>Where to begin, and how many line ends of the selected streams to pass over from there. Null: begin with the oldest record.</summary>
    public static (LogPosition Position, long Skip)? Find(string directory, LogReadOptions options)
    {
        long wanted = options.Tail ?? long.MaxValue;
        long found = 0;
        bool lastRecord = true;
        byte[] payload = new byte[LogFormat.MaxPayloadBytes];
        List<long> sequences = LogFormat.Sequences(directory);
        for (int i = sequences.Count - 1; i >= 0; i--)
        {
            using LogFile? file = LogFile.TryOpen(directory, sequences[i]);
            long end = file?.FindEnd() ?? 0;
            while (file is not null && file.TryReadRecordBefore(end, out LogRecord record, out long offset))
            {
                end = offset;
                if (record.Time < options.SinceNanoseconds)
                    return (new LogPosition(sequences[i], offset), Math.Max(0, found - wanted));
                if (record.IsMarker || !options.Selects((StdioChannel)record.Stream) || record.Time > options.UntilNanoseconds)
                    continue;
                int length = file.ReadAt(payload.AsSpan(0, record.Length), offset + LogFormat.HeaderBytes);
                found += payload.AsSpan(0, length).Count((byte)'\n');
                if (lastRecord && record.IsPartial)
                    found++; // the unfinished line at the very end counts as one
                lastRecord = false;
                if (found > wanted) // one more than wanted: the wanted first line begins in this record or later
                    return (new LogPosition(sequences[i], offset), found - wanted);
            }
        }
        return null;
    }
}
