using Berth.Containers.Supervision;
using Berth.Linux;

namespace Berth.Containers.Logs;

/// <summary>Appends a container's output to its log. One writer per directory; each record is one write(2), so a crash tears at most the last.</summary>
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
                end = reader?.FindEnd() ?? 0;
            Libc.Truncate(file, end);
            if (end == 0)
            {
                Libc.WriteAll(file, LogFormat.Magic);
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

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void WriteMarker(byte kind)
    {
        Span<byte> record = stackalloc byte[LogFormat.OverheadBytes];
        Append(LogFormat.Frame(record, 0, Now(), LogFormat.Marker, kind), 0);
    }

    private void Append(ReadOnlySpan<byte> record, int payload)
    {
        if (_config.MaxSizeBytes > 0 && _offset + record.Length > _config.MaxSizeBytes && _offset > LogFormat.Magic.Length)
            Rotate();
        int written = Libc.TryWrite(_file, record);
        if (written == record.Length)
        {
            _offset += written;
            return;
        }
        // A full disk: the log stays well-formed, the output is lost and counted. Stopping the container instead would be worse.
        LostBytes += payload;
        if (written > 0)
            Libc.Truncate(_file, _offset);
    }

    private void Rotate()
    {
        FileDescriptor next;
        try
        {
            next = OpenFile(_config.Directory, _sequence + 1);
            Libc.Truncate(next, 0);
            Libc.WriteAll(next, LogFormat.Magic);
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
        Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC | Libc.O_NOFOLLOW, 0x1A0 /* 0640 */);
}
