using System.Buffers.Binary;
using Berth.Linux;

namespace Berth.Containers.Logs;

/// <summary>One open log file, read at any place.</summary>
internal sealed class LogFile : IDisposable
{
    private readonly FileDescriptor _descriptor;

    private LogFile(FileDescriptor descriptor, long sequence)
    {
        _descriptor = descriptor;
        Sequence = sequence;
    }

    public long Sequence { get; }

    public long Length => (long)Libc.Stat(_descriptor).stx_size;

    /// <summary>Null when the file is gone (rotation) or is not a log.</summary>
    public static LogFile? TryOpen(string directory, long sequence)
    {
        FileDescriptor? descriptor = Libc.TryOpenAt(null, LogFormat.PathOf(directory, sequence), Libc.O_RDONLY | Libc.O_CLOEXEC | Libc.O_NOFOLLOW, 0, out _);
        return descriptor is null ? null : new LogFile(descriptor, sequence);
    }

    public int ReadAt(Span<byte> buffer, long offset)
    {
        int total = 0;
        while (total < buffer.Length && Libc.ReadAt(_descriptor, buffer[total..], offset + total) is var count and > 0)
            total += count;
        return total;
    }

    /// <summary>The header of the record that begins at <paramref name="offset"/>, if the whole of it stands before <paramref name="end"/>.</summary>
    public bool TryReadRecord(long offset, long end, out LogRecord record)
    {
        record = default;
        Span<byte> header = stackalloc byte[LogFormat.HeaderBytes];
        Span<byte> trailer = stackalloc byte[LogFormat.TrailerBytes];
        return ReadAt(header, offset) == header.Length && LogFormat.TryParse(header, out record) && offset + record.Size <= end
            && ReadAt(trailer, offset + record.Size - trailer.Length) == trailer.Length
            && BinaryPrimitives.ReadInt32LittleEndian(trailer) == record.Length;
    }

    /// <summary>The record that ends at <paramref name="end"/>.</summary>
    public bool TryReadRecordBefore(long end, out LogRecord record, out long offset)
    {
        record = default;
        offset = 0;
        Span<byte> trailer = stackalloc byte[LogFormat.TrailerBytes];
        if (end < LogFormat.Magic.Length + LogFormat.OverheadBytes || ReadAt(trailer, end - trailer.Length) != trailer.Length)
            return false;
        int length = BinaryPrimitives.ReadInt32LittleEndian(trailer);
        offset = end - LogFormat.OverheadBytes - length;
        return length is >= 0 and <= LogFormat.MaxPayloadBytes && offset >= LogFormat.Magic.Length
            && TryReadRecord(offset, end, out record) && record.Length == length;
    }

    /// <summary>Where the last whole record ends. Normally that is the file's end; after a crash the records are walked from the beginning.</summary>
    public long FindEnd()
    {
        long length = Length;
        if (length == LogFormat.Magic.Length || TryReadRecordBefore(length, out _, out _))
            return length;
        Span<byte> magic = stackalloc byte[LogFormat.Magic.Length];
        if (ReadAt(magic, 0) != magic.Length || !magic.SequenceEqual(LogFormat.Magic))
            return 0;
        long offset = magic.Length;
        while (TryReadRecord(offset, length, out LogRecord record))
            offset += record.Size;
        return offset;
    }

    public void Dispose() => _descriptor.Dispose();
}
