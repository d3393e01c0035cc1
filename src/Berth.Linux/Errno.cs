using System.Runtime.InteropServices;

namespace Berth.Linux;

/// <summary>Linux error numbers that Berth tells apart (asm-generic/errno-base.h, errno.h).</summary>
public enum Errno
{
    None = 0, EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, ENOEXEC = 8, EBADF = 9,
    ECHILD = 10, EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, ENOTBLK = 15, EBUSY = 16, EEXIST = 17, EXDEV = 18,
    ENODEV = 19, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOTTY = 25, ETXTBSY = 26, EFBIG = 27,
    ENOSPC = 28, ESPIPE = 29, EROFS = 30, EMLINK = 31, EPIPE = 32, ERANGE = 34, ENAMETOOLONG = 36, ENOSYS = 38,
    ENOTEMPTY = 39, ELOOP = 40, ENODATA = 61, EPROTO = 71, EOVERFLOW = 75, ENOTSUP = 95, EADDRINUSE = 98, ETIMEDOUT = 110, ECONNREFUSED = 111,
    EALREADY = 114, ESTALE = 116, EDQUOT = 122,
}

/// <summary>Text for error numbers.</summary>
public static class ErrnoText
{
    /// <summary>The C library's text, followed by the number's name: <c>No such file or directory (ENOENT)</c>.</summary>
    public static string Describe(this Errno errno) => $"{Marshal.GetPInvokeErrorMessage((int)errno)} ({errno})";
}
