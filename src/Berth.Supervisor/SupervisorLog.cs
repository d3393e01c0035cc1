using System.Text;
using Berth.Linux;

namespace Berth.Supervisor;

/// <summary>The supervisor's own log: a line per happening worth knowing, at most two files of one MiB. Safe from any thread.</summary>
internal sealed class SupervisorLog : IDisposable
{
    private const long MaxBytes = 1 << 20;
    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly TimeProvider _clock;
    private FileDescriptor _file;
    private long _size;

    public SupervisorLog(string path, TimeProvider clock)
    {
        _path = path;
        _clock = clock;
        _file = Open();
        _size = (long)Libc.Stat(_file).stx_size;
    }

    public void Info(string message) => Write("info", message);

    public void Error(string message) => Write("error", message);

    public void Dispose() => _file.Dispose();

    private void Write(string level, string message)
    {
        byte[] line = Encoding.UTF8.GetBytes($"{_clock.GetUtcNow():O} {level} {message.ReplaceLineEndings(" | ")}\n");
        lock (_lock)
        {
            if (_size + line.Length > MaxBytes)
            {
                Libc.RenameAt(null, _path, null, _path + ".1");
                _file.Dispose();
                _file = Open();
                _size = 0;
            }
            _size += Math.Max(0, Libc.TryWrite(_file, line)); // a full disk must not stop the containers
        }
    }

    private FileDescriptor Open() =>
        Libc.Open(_path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC | Libc.O_NOFOLLOW, 0x180 /* 0600 */);
}
