namespace Berth.Linux;

/// <summary>An exclusive flock(2) on a file of its own; the kernel drops it with the process, however that ends.</summary>
public sealed class FileLock : IDisposable
{
    private readonly FileDescriptor _file;

    private FileLock(FileDescriptor file) => _file = file;

    /// <summary>Takes the lock, making the file (mode 0600) when it is missing; null when another holds it.</summary>
    public static FileLock? TryTake(string path) => Take(path, Libc.LOCK_EX | Libc.LOCK_NB);

    /// <summary>Takes the lock as <see cref="TryTake"/>, waiting for its turn.</summary>
    public static FileLock Take(string path) => Take(path, Libc.LOCK_EX)!;

    /// <summary>Drops the lock.</summary>
    public void Dispose() => Release(_file);

    /// <summary>Closes a file that may be locked, and drops the lock with it at once.</summary>
    public static void Release(FileDescriptor file)
    {
        if (file.IsClosed) return;
        // A child between fork and exec shares the open file: closing ours alone would leave it the lock for that moment.
        Libc.Lock(file, Libc.LOCK_UN);
        file.Dispose();
    }

    private static FileLock? Take(string path, int operation)
    {
        FileDescriptor file = Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT, 0x180);
        if (Libc.Lock(file, operation)) return new FileLock(file);
        file.Dispose();
        return null;
    }
}
