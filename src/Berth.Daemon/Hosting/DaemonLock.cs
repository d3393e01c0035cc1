using System.Globalization;

namespace Berth.Daemon.Hosting;

/// <summary>
/// One daemon per run root: an exclusive lock on <c>berthd.lock</c>, held for life, and the pid in <c>berthd.pid</c> for people and
/// scripts. Two files, so that anyone may read the pid while the lock is held.
/// </summary>
internal sealed class DaemonLock : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _pidFile;

    private DaemonLock(FileStream held, string pidFile) => (_lock, _pidFile) = (held, pidFile);

    /// <summary>Takes the lock; an <see cref="InvalidOperationException"/> tells who has it.</summary>
    public static DaemonLock Take(string runRoot)
    {
        string pidFile = Path.Combine(runRoot, "berthd.pid");
        FileStream held;
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB): the kernel drops it with the process, however it dies.
            held = new FileStream(Path.Combine(runRoot, "berthd.lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            string who = File.Exists(pidFile) ? $" (pid {File.ReadAllText(pidFile).Trim()})" : "";
            throw new InvalidOperationException($"another berthd{who} runs on {runRoot}; stop it, or choose another --run-root and --data-root", exception);
        }
        File.WriteAllText(pidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        return new DaemonLock(held, pidFile);
    }

    public void Dispose()
    {
        File.Delete(_pidFile);
        _lock.Dispose();
    }
}
