using Berth.Containers.Supervision;
using Berth.Linux;

namespace Berth.Containers.Logs;

/// <summary>
/// Appends a container's output to its log; one writer per directory. Output of a pipe moves into the file within the kernel, so that a kill at
/// any instant neither loses nor repeats a byte; a record without its end is completed when the log is opened again.
/// </summary>
public sealed class LogWriter : IDisposable
{
    /// <summary>Bytes to leave free before a payload given to <see cref="WriteInPlace"/>.</summary>
    public const int ReservedBefore = LogFormat.HeaderBytes;

    /// <summary>Bytes to leave free after it.</summary>
    public const int ReservedAfter = LogFormat.TrailerBytes;

    /// <summary>Largest payload of one record.</summary>
    public const int MaxPayload = LogFormat.MaxPayloadBytes;

    private readonly LogConfig _config;
    private readonly TimeProvider _clock;
    private FileDescriptor _file;
    private long _sequence;
    private long _offset;
    private long _lastTime;

    private LogWriter(LogConfig config, TimeProvider clock, FileDescriptor file, long sequence, long offset)
    {
        _config = config;
        _clock = clock;
        _file = file;
        _sequence = sequence;
        _offset = offset;
    }

    /// <summary>Bytes of output to give to one record at most, so that small files rotate near their size.</summary>
    public int PayloadLimit => _config.MaxSizeBytes > 0 ? (int)Math.Clamp(_config.MaxSizeBytes / 2, 4096, MaxPayload) : MaxPayload;

    /// <summary>Where the next record will stand.</summary>
    public LogPosition Position => new(_sequence, _offset);

    /// <summary>Bytes of output that could not be stored because the disk refused them.</summary>
    public long LostBytes { get; private set; }

    /// <summary>Opens the log for appending, makes it when missing, and cuts off a record that a crash left torn.</summary>
    /// <exception cref="LinuxException">The directory or file cannot be made or written.</exception>
    public static LogWriter Open(LogConfig config, TimeProvider clock)
    {
        Directory.CreateDirectory(config.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        List<long> sequences = LogFormat.Sequences(config.Directory);
        long sequence = sequences.Count == 0 ? 1 : sequences[^1];
        FileDescriptor file = OpenFile(config.Directory, sequence);
        try
        {
            long end = 0;
            using (LogFile? reader = LogFile.TryOpen(config.Directory, sequence))
                end = reader is null ? 0 : Complete(reader, file, reader.FindEnd());
            Libc.Truncate(file, end);
            if (end == 0)
            {
                WriteMagic(file);
                end = LogFormat.Magic.Length;
            }
            return new LogWriter(config, clock, file, sequence, end);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Notes that a process begins: what follows belongs to a new run.</summary>
    public void WriteStart() => WriteMarker(LogFormat.MarkerStart);

    /// <summary>Notes that the process ended and everything it wrote is recorded: followers stop here.</summary>
    public void WriteEnd() => WriteMarker(LogFormat.MarkerEnd);

    /// <summary>Appends output, split into records as needed.</summary>
    public void Write(StdioChannel stream, ReadOnlySpan<byte> payload)
    {
        byte[] record = new byte[LogFormat.OverheadBytes + Math.Min(payload.Length, MaxPayload)];
        while (!payload.IsEmpty)
        {
            int length = Math.Min(payload.Length, MaxPayload);
            payload[..length].CopyTo(record.AsSpan(ReservedBefore));
            WriteInPlace(stream, record, length);
            payload = payload[length..];
        }
    }

    /// <summary>Appends one record without copying: the payload stands in <paramref name="record"/> between the reserved bytes, which are overwritten.</summary>
    public void WriteInPlace(StdioChannel stream, Span<byte> record, int length)
    {
        byte flags = length > 0 && record[ReservedBefore + length - 1] == (byte)'\n' ? (byte)0 : LogFormat.FlagPartial;
        Append(LogFormat.Frame(record, length, Now(), (byte)stream, flags), length);
    }

    /// <summary>
    /// Moves what a pipe holds, up to <paramref name="most"/> bytes, into the log and copies it to <paramref name="record"/> between the reserved bytes.
    /// Returns the count; 0 when the pipe is empty or the log cannot take it this way: then read the pipe.
    /// </summary>
    public int Splice(StdioChannel stream, FileDescriptor pipe, byte[] record, int most = MaxPayload)
    {
        int length = Math.Min(Libc.AvailableBytes(pipe), most);
        if (length == 0)
            return 0;
        RotateIfFull(LogFormat.OverheadBytes + length);
        long payload = _offset + LogFormat.HeaderBytes;
        LogFormat.Frame(record, length, Now(), (byte)stream, 0);
        if (!TryWriteAt(record.AsSpan(0, LogFormat.HeaderBytes), _offset))
            return 0;
        int moved = Libc.TrySplice(pipe, _file, payload, length);
        if (moved <= 0 || Libc.ReadAt(_file, record.AsSpan(ReservedBefore, moved), payload) != moved)
        {
            Libc.Truncate(_file, _offset);
            return 0;
        }
        byte flags = record[ReservedBefore + moved - 1] == (byte)'\n' ? (byte)0 : LogFormat.FlagPartial;
        Span<byte> whole = LogFormat.Frame(record, moved, _lastTime, (byte)stream, flags);
        // The header changes only when it must. The end comes last: it makes the record visible to readers.
        if ((flags != 0 || moved != length) && !TryWriteAt(whole[..LogFormat.HeaderBytes], _offset))
            return moved;
        if (TryWriteAt(whole[^LogFormat.TrailerBytes..], payload + moved))
            _offset += whole.Length;
        return moved;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void WriteMarker(byte kind)
    {
        Span<byte> record = stackalloc byte[LogFormat.OverheadBytes];
        Append(LogFormat.Frame(record, 0, Now(), LogFormat.Marker, kind), 0);
    }

    private void Append(ReadOnlySpan<byte> record, int payload)
    {
        RotateIfFull(record.Length);
        if (TryWriteAt(record, _offset))
        {
            _offset += record.Length;
            return;
        }
        // A full disk: the log stays well-formed, the output is lost and counted. Stopping the container instead would be worse.
        LostBytes += payload;
        Libc.Truncate(_file, _offset);
    }

    private bool TryWriteAt(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            return Libc.WriteAt(_file, bytes, offset) == bytes.Length;
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    /// <summary>A record whose beginning stands at <paramref name="end"/> but not its end: what is there of its payload is kept. Returns the new end.</summary>
    private static long Complete(LogFile reader, FileDescriptor file, long end)
    {
        Span<byte> header = stackalloc byte[LogFormat.HeaderBytes];
        long rest = reader.Length - end - header.Length;
        if (end == 0 || rest <= 0 || reader.ReadAt(header, end) != header.Length || !LogFormat.TryParse(header, out LogRecord torn) || torn.IsMarker || torn.Length == 0)
            return end;
        byte[] record = new byte[LogFormat.OverheadBytes + (int)Math.Min(rest, torn.Length)];
        int length = record.Length - LogFormat.OverheadBytes;
        reader.ReadAt(record.AsSpan(LogFormat.HeaderBytes, length), end + header.Length);
        byte flags = record[LogFormat.HeaderBytes + length - 1] == (byte)'\n' ? (byte)0 : LogFormat.FlagPartial;
        Libc.WriteAt(file, LogFormat.Frame(record, length, torn.Time, torn.Stream, flags), end);
        return end + record.Length;
    }

    private void RotateIfFull(int next)
    {
        if (_config.MaxSizeBytes > 0 && _offset + next > _config.MaxSizeBytes && _offset > LogFormat.Magic.Length)
            Rotate();
    }

    private static void WriteMagic(FileDescriptor file)
    {
        if (Libc.WriteAt(file, LogFormat.Magic, 0) != LogFormat.Magic.Length)
            throw new LinuxException("pwrite", Errno.ENOSPC);
    }

    private void Rotate()
    {
        FileDescriptor next;
        try
        {
            next = OpenFile(_config.Directory, _sequence + 1);
            Libc.Truncate(next, 0);
            WriteMagic(next);
        }
        catch (LinuxException)
        {
            return; // no room or no inode for a new file: go on in this one
        }
        _file.Dispose();
        _file = next;
        _sequence++;
        _offset = LogFormat.Magic.Length;
        foreach (long sequence in LogFormat.Sequences(_config.Directory))
        {
            if (sequence <= _sequence - Math.Max(1, _config.MaxFiles))
                Libc.TryUnlinkAt(null, LogFormat.PathOf(_config.Directory, sequence));
        }
    }

    private long Now() => _lastTime = Math.Max(_lastTime, LogFormat.Nanoseconds(_clock.GetUtcNow()));

    private static FileDescriptor OpenFile(string directory, long sequence) => Libc.Open(LogFormat.PathOf(directory, sequence),
        Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC | Libc.O_NOFOLLOW, 0x1A0 /* 0640 */);
}
