using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux;

// fcntl.h, linux/openat2.h
public static partial class Libc
{
    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_SYMLINK_FOLLOW = 0x400, AT_NO_AUTOMOUNT = 0x800,
        AT_EMPTY_PATH = 0x1000, AT_RECURSIVE = 0x8000;

    public const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0x40, O_EXCL = 0x80, O_NOCTTY = 0x100, O_TRUNC = 0x200,
        O_APPEND = 0x400, O_NONBLOCK = 0x800, O_DSYNC = 0x1000, O_SYNC = 0x101000, O_ACCMODE = 3, O_DIRECTORY = 0x10000, O_NOFOLLOW = 0x20000, O_CLOEXEC = 0x80000,
        O_PATH = 0x200000, O_TMPFILE = 0x410000;

    public const ulong RESOLVE_NO_XDEV = 1, RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4, RESOLVE_BENEATH = 8, RESOLVE_IN_ROOT = 0x10;

    public const int F_DUPFD_CLOEXEC = 1030, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, FD_CLOEXEC = 1,
        F_ADD_SEALS = 1033;

    private const nint SYS_openat2 = 437;

    public struct open_how
    {
        public ulong flags, mode, resolve;
    }

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial FileDescriptor openat(FileDescriptor dirfd, string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "openat", SetLastError = true)]
    private static partial FileDescriptor openat_raw(FileDescriptor dirfd, ReadOnlySpan<byte> path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint openat2(nint number, FileDescriptor dirfd, string path, in open_how how, nint size);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint openat2_raw(nint number, FileDescriptor dirfd, ReadOnlySpan<byte> path, in open_how how, nint size);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fcntl(FileDescriptor fd, int command, nint argument);

    /// <summary>Opens a path; O_CLOEXEC is always added.</summary>
    public static FileDescriptor OpenAt(FileDescriptor? directory, string path, int flags, uint mode = 0) =>
        Check(openat(Dir(directory), path, flags | O_CLOEXEC, mode), "openat", path);

    /// <summary>Opens an absolute or working-directory path; O_CLOEXEC is always added.</summary>
    public static FileDescriptor Open(string path, int flags, uint mode = 0) => OpenAt(null, path, flags, mode);

    /// <summary>Opens a path; null with the reason in <paramref name="errno"/> when that fails.</summary>
    public static FileDescriptor? TryOpenAt(FileDescriptor? directory, string path, int flags, uint mode, out Errno errno)
    {
        FileDescriptor result = openat(Dir(directory), path, flags | O_CLOEXEC, mode);
        return Valid(result, out errno);
    }

    /// <summary>Opens a name of <see cref="ReadRawNames"/>.</summary>
    public static FileDescriptor OpenAt(FileDescriptor directory, byte[] rawName, int flags) =>
        Check(openat_raw(directory, rawName, flags | O_CLOEXEC, 0), "openat", Encoding.UTF8.GetString(rawName.AsSpan(0, rawName.Length - 1)));

    /// <summary>openat2(2) with the RESOLVE_* rules; O_CLOEXEC is always added. EAGAIN (a rename raced the walk) is retried.</summary>
    public static FileDescriptor OpenAt2(FileDescriptor? directory, string path, int flags, ulong resolve, uint mode = 0) =>
        TryOpenAt2(directory, path, flags, resolve, mode, out Errno errno) ?? throw new LinuxException("openat2", errno, path);

    /// <summary>openat2(2); null with the reason in <paramref name="errno"/> when that fails.</summary>
    public static FileDescriptor? TryOpenAt2(FileDescriptor? directory, string path, int flags, ulong resolve, uint mode, out Errno errno)
    {
        // The kernel refuses a mode without O_CREAT and O_PATH together with any but a few flags.
        open_how how = new() { flags = (uint)(flags | O_CLOEXEC), mode = mode, resolve = resolve };
        for (int attempt = 0; ; attempt++)
        {
            nint fd = openat2(SYS_openat2, Dir(directory), path, in how, 24);
            if (fd >= 0)
            {
                errno = Errno.None;
                return new FileDescriptor((int)fd);
            }
            errno = LastErrno;
            if (errno is Errno.EINTR || (errno is Errno.EAGAIN && attempt < 100)) continue;
            return null;
        }
    }

    /// <summary>openat2(2) of a name that ends with NUL and need not be UTF-8; null with the reason in <paramref name="errno"/> when that fails.</summary>
    public static FileDescriptor? TryOpenAt2(FileDescriptor directory, ReadOnlySpan<byte> rawName, int flags, ulong resolve, uint mode, out Errno errno)
    {
        open_how how = new() { flags = (uint)(flags | O_CLOEXEC), mode = mode, resolve = resolve };
        for (int attempt = 0; ; attempt++)
        {
            nint fd = openat2_raw(SYS_openat2, directory, rawName, in how, 24);
            errno = fd < 0 ? LastErrno : Errno.None;
            if (fd >= 0) return new FileDescriptor((int)fd);
            if (errno is Errno.EINTR || (errno is Errno.EAGAIN && attempt < 100)) continue;
            return null;
        }
    }

    /// <summary>Duplicates a descriptor to the lowest free number not below <paramref name="lowest"/>, close-on-exec.</summary>
    public static FileDescriptor Duplicate(FileDescriptor fd, int lowest = 3) =>
        new(Check(fcntl(fd, F_DUPFD_CLOEXEC, lowest), "fcntl", "F_DUPFD_CLOEXEC"));

    /// <summary>The O_* status flags of an open descriptor.</summary>
    public static int StatusFlags(FileDescriptor fd) => Check(fcntl(fd, F_GETFL, 0), "fcntl", "F_GETFL");

    /// <summary>Sets or clears O_NONBLOCK on the open file description.</summary>
    public static void SetNonBlocking(FileDescriptor fd, bool on)
    {
        int flags = StatusFlags(fd);
        Check(fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK), "fcntl", "F_SETFL");
    }

    /// <summary>Sets or clears close-on-exec.</summary>
    public static void SetCloseOnExec(FileDescriptor fd, bool on) => Check(fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0), "fcntl", "F_SETFD");

    private static FileDescriptor? Valid(FileDescriptor result, out Errno errno)
    {
        if (!result.IsInvalid)
        {
            errno = Errno.None;
            return result;
        }
        errno = LastErrno;
        result.Dispose();
        return null;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint splice(FileDescriptor input, nint inputOffset, FileDescriptor output, ref long outputOffset, nint length, uint flags);

    /// <summary>Moves bytes from a pipe to a place in a file within the kernel, without waiting for more; returns the count, or minus errno.</summary>
    public static int TrySplice(FileDescriptor pipe, FileDescriptor file, long offset, int length)
    {
        const uint SPLICE_F_NONBLOCK = 2;
        nint count;
        while ((count = splice(pipe, 0, file, ref offset, length, SPLICE_F_NONBLOCK)) < 0 && LastErrno == Errno.EINTR) { }
        return count < 0 ? -(int)LastErrno : (int)count;
    }

    public const int FALLOC_FL_KEEP_SIZE = 1, FALLOC_FL_PUNCH_HOLE = 2;

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fallocate(FileDescriptor fd, int mode, long offset, long length);

    /// <summary>fallocate(2), answering errno instead of throwing.</summary>
    public static Errno TryAllocate(FileDescriptor file, int mode, long offset, long length)
    {
        int result;
        while ((result = fallocate(file, mode, offset, length)) < 0 && LastErrno == Errno.EINTR) { }
        return result < 0 ? LastErrno : Errno.None;
    }

    /// <summary>Makes a range of a file a hole that reads as zeros and takes no room; answers errno instead of throwing.</summary>
    public static Errno TryPunchHole(FileDescriptor file, long offset, long length) =>
        TryAllocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}
