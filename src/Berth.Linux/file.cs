using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/file.h
public static partial class Libc
{
    public const int LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8;

    [LibraryImport(Library, SetLastError = true)]
    private static partial int flock(FileDescriptor fd, int operation);

    /// <summary>Takes or drops a lock that belongs to the open file; false when LOCK_NB is given and another holds it.</summary>
    public static bool Lock(FileDescriptor fd, int operation)
    {
        int result;
        while ((result = flock(fd, operation)) < 0 && LastErrno == Errno.EINTR) { }
        if (result < 0 && LastErrno == Errno.EAGAIN) return false;
        Check(result, "flock");
        return true;
    }
}
