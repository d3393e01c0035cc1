using System.Buffers.Binary;

namespace Berth.Containers.Logs;

/// <summary>Reads records forwards, over rotations, as far as they are written.</summary>
internal sealed class LogCursor : IDisposable
{
    private readonly string _directory;
    private readonly byte[] _buffer = new byte[LogFormat.OverheadBytes + LogFormat.MaxPayloadBytes];
    private LogFile? _file;
    private long _offset;
    private int _start;
    private int _count;

    /// <summary>Begins at <paramref name="position"/>, or with the oldest record.</summary>
    public LogCursor(string directory, LogPosition? position)
    {
        _directory = directory;
        if (position is { } place)
            Open(place.Sequence, place.Offset);
    }

    /// <summary>Where the next record stands.</summary>
    public LogPosition Position => new(_file?.Sequence ?? 0, _offset);

    /// <summary>Takes the next record; false when none is complete yet. The payload is valid until the next call.</summary>
    public bool TryRead(out LogRecord record, out ReadOnlyMemory<byte> payload)
    {
        record = default;
        payload = default;
        if (_file is null && !OpenNext(0))
            return false;
        while (!TryParse(out record))
        {
            // Only once a later file exists is this one complete; then look again, since more may have been written before.
            long current = _file!.Sequence;
            long next = Following(current);
            if (Fill() && TryParse(out record))
                break;
            if (next == 0 || !Open(next, LogFormat.Magic.Length))
                return false;
        }
        payload = _buffer.AsMemory(_start + LogFormat.HeaderBytes, record.Length);
        _start += record.Size;
        _count -= record.Size;
        _offset += record.Size;
        return true;
    }

    public void Dispose() => _file?.Dispose();

    private bool TryParse(out LogRecord record)
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_start, _count);
        record = default;
        return bytes.Length >= LogFormat.OverheadBytes && LogFormat.TryParse(bytes, out record) && bytes.Length >= record.Size
            && BinaryPrimitives.ReadInt32LittleEndian(bytes[(record.Size - LogFormat.TrailerBytes)..]) == record.Length;
    }

    /// <summary>Reads anew from the present place; true when that gave more than was there.</summary>
    private bool Fill()
    {
        int before = _count;
        _start = 0;
        _count = _file!.ReadAt(_buffer, _offset);
        return _count > before;
    }

    private bool OpenNext(long after) => Following(after) is var next and > 0 && Open(next, LogFormat.Magic.Length);

    private long Following(long after) => LogFormat.Sequences(_directory).Find(s => s > after);

    private bool Open(long sequence, long offset)
    {
        if (LogFile.TryOpen(_directory, sequence) is not { } file)
            return false;
        _file?.Dispose();
        _file = file;
        _offset = offset;
        _start = _count = 0;
        return true;
    }
}
