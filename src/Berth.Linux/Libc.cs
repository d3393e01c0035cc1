using System.Runtime.InteropServices;

namespace Berth.Linux;

/// <summary>The C library and the kernel, one file per header. Raw calls keep their kernel names; wrappers beside them throw
/// <see cref="LinuxException"/>. A null directory means the working directory.</summary>
public static partial class Libc
{
    // The full name: by "libc" the loader would first open half a dozen files that are not it.
    private const string Library = "libc.so.6";

    private static readonly FileDescriptor s_currentDirectory = new(AT_FDCWD, ownsHandle: false);

    /// <summary>errno of the last call made on this thread.</summary>
    public static Errno LastErrno => (Errno)Marshal.GetLastPInvokeError();

    private static FileDescriptor Dir(FileDescriptor? directory) => directory ?? s_currentDirectory;

    private static int Check(int result, string call, string? subject = null) =>
        result >= 0 ? result : throw new LinuxException(call, LastErrno, subject);

    private static long Check(long result, string call, string? subject = null) =>
        result >= 0 ? result : throw new LinuxException(call, LastErrno, subject);

    private static FileDescriptor Check(FileDescriptor result, string call, string? subject = null)
    {
        if (!result.IsInvalid) return result;
        Errno errno = LastErrno;
        result.Dispose();
        throw new LinuxException(call, errno, subject);
    }
}
