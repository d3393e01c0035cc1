using Berth.Linux;

namespace Berth.Vmm.Serial;

/// <summary>A file with the console's output, line by line. It starts anew at a size, with the older part kept beside it.</summary>
internal sealed class ConsoleLog : IDisposable
{
    private const long MaxBytes = 1 << 20;

    private readonly string _path;
    private readonly byte[] _buffer = new byte[4096];
    private FileDescriptor _file;
    private int _count;
    private long _size;

    /// <summary>Starts a new log; that of an earlier run becomes the older part.</summary>
    public ConsoleLog(string path)
    {
        _path = path;
        if (File.Exists(path)) File.Move(path, path + ".1", overwrite: true);
        _file = Open();
    }

    public void Add(ReadOnlySpan<byte> data)
    {
        foreach (byte value in data)
        {
            _buffer[_count++] = value;
            if (value == '\n' || _count == _buffer.Length) Flush();
        }
    }

    public void Dispose()
    {
        Flush();
        _file.Dispose();
    }

    private void Flush()
    {
        if (_size > MaxBytes)
        {
            _file.Dispose();
            File.Move(_path, _path + ".1", overwrite: true);
            _file = Open();
            _size = 0;
        }
        // A full disk must not stop the guest.
        _size += Math.Max(0, Libc.TryWrite(_file, _buffer.AsSpan(0, _count)));
        _count = 0;
    }

    private FileDescriptor Open() =>
        Libc.Open(_path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_CLOEXEC | Libc.O_NOFOLLOW, 0x180 /* 0600 */);
}
