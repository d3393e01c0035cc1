using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/stat.h, linux/stat.h, sys/sysmacros.h
public static partial class Libc
{
    public const uint S_IFMT = 0xF000, S_IFSOCK = 0xC000, S_IFLNK = 0xA000, S_IFREG = 0x8000, S_IFBLK = 0x6000, S_IFDIR = 0x4000,
        S_IFCHR = 0x2000, S_IFIFO = 0x1000, S_ISUID = 0x800, S_ISGID = 0x400, S_ISVTX = 0x200;

    public const uint STATX_BASIC_STATS = 0x7ff, STATX_BTIME = 0x800, STATX_MNT_ID = 0x1000;
    public const ulong STATX_ATTR_MOUNT_ROOT = 0x2000;
    public const long UTIME_NOW = 0x3fffffff, UTIME_OMIT = 0x3ffffffe;

    public struct timespec
    {
        public long tv_sec, tv_nsec;
    }

    public struct statx_timestamp
    {
        public long tv_sec;
        public uint tv_nsec;
        private int _reserved;
    }

    [StructLayout(LayoutKind.Sequential, Size = 256)]
    public struct statx
    {
        public uint stx_mask, stx_blksize;
        public ulong stx_attributes;
        public uint stx_nlink, stx_uid, stx_gid;
        public ushort stx_mode;
        private ushort _spare0;
        public ulong stx_ino, stx_size, stx_blocks, stx_attributes_mask;
        public statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
        public uint stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
        public ulong stx_mnt_id;

        public readonly uint FileType => stx_mode & S_IFMT;
        public readonly uint Permissions => stx_mode & 0xFFFu;
        public readonly bool IsDirectory => FileType == S_IFDIR;
        public readonly bool IsRegularFile => FileType == S_IFREG;
        public readonly bool IsSymbolicLink => FileType == S_IFLNK;
        public readonly ulong Device => makedev(stx_dev_major, stx_dev_minor);
        public readonly ulong DeviceNumber => makedev(stx_rdev_major, stx_rdev_minor);
    }

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx_(FileDescriptor dirfd, string path, int flags, uint mask, out statx buffer);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
    private static partial int statx_raw(FileDescriptor dirfd, ReadOnlySpan<byte> path, int flags, uint mask, out statx buffer);

    [LibraryImport(Library, EntryPoint = "mkdirat", SetLastError = true)]
    private static partial int mkdirat_raw(FileDescriptor dirfd, ReadOnlySpan<byte> path, uint mode);

    [LibraryImport(Library, EntryPoint = "mknodat", SetLastError = true)]
    private static partial int mknodat_raw(FileDescriptor dirfd, ReadOnlySpan<byte> path, uint mode, ulong device);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdirat(FileDescriptor dirfd, string path, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mknodat(FileDescriptor dirfd, string path, uint mode, ulong device);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fchmodat(FileDescriptor dirfd, string path, uint mode, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fchmod(FileDescriptor fd, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int utimensat(FileDescriptor dirfd, string path, ReadOnlySpan<timespec> times, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int futimens(FileDescriptor fd, ReadOnlySpan<timespec> times);

    [LibraryImport(Library)]
    private static partial uint umask(uint mask);

    /// <summary>Device number as the kernel encodes it.</summary>
    public static ulong makedev(uint major, uint minor) =>
        (minor & 0xFFul) | ((major & 0xFFFul) << 8) | ((minor & 0xFFFFFF00ul) << 12) | ((major & 0xFFFFF000ul) << 32);

    public static uint major(ulong device) => (uint)(((device >> 8) & 0xFFF) | ((device >> 32) & 0xFFFFF000));

    public static uint minor(ulong device) => (uint)((device & 0xFF) | ((device >> 12) & 0xFFFFFF00));

    /// <summary>Attributes of a path below a directory; links are not followed unless asked.</summary>
    public static statx StatAt(FileDescriptor? directory, string path, bool followLinks = false)
    {
        int flags = AT_NO_AUTOMOUNT | AT_EMPTY_PATH | (followLinks ? 0 : AT_SYMLINK_NOFOLLOW);
        Check(statx_(Dir(directory), path, flags, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, out statx result), "statx", path);
        return result;
    }

    /// <summary>Attributes of an open file.</summary>
    public static statx Stat(FileDescriptor fd) => StatAt(fd, "");

    /// <summary>Attributes of a path, or an errno (ENOENT, ENOTDIR, …) instead of an exception.</summary>
    public static Errno TryStatAt(FileDescriptor? directory, string path, out statx result, bool followLinks = false)
    {
        int flags = AT_NO_AUTOMOUNT | AT_EMPTY_PATH | (followLinks ? 0 : AT_SYMLINK_NOFOLLOW);
        return statx_(Dir(directory), path, flags, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, out result) < 0 ? LastErrno : Errno.None;
    }

    /// <summary>Attributes of a name that ends with NUL and need not be UTF-8, or of the directory itself when it is only that; links are not followed.</summary>
    public static Errno TryStatAt(FileDescriptor directory, ReadOnlySpan<byte> rawName, out statx result) =>
        statx_raw(directory, rawName, AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, out result) < 0 ? LastErrno : Errno.None;

    /// <summary>Makes a directory of a name that ends with NUL; the umask applies.</summary>
    public static Errno TryMakeDirectoryAt(FileDescriptor directory, ReadOnlySpan<byte> rawName, uint mode) =>
        mkdirat_raw(directory, rawName, mode) < 0 ? LastErrno : Errno.None;

    /// <summary>Makes a device node, FIFO, socket or regular file of a name that ends with NUL; <paramref name="mode"/> includes the S_IF* type.</summary>
    public static Errno TryMakeNodeAt(FileDescriptor directory, ReadOnlySpan<byte> rawName, uint mode, ulong device) =>
        mknodat_raw(directory, rawName, mode, device) < 0 ? LastErrno : Errno.None;

    /// <summary>Sets permission bits, answering errno instead of throwing; a final symbolic link is followed.</summary>
    public static Errno TryChangeModeAt(FileDescriptor? directory, string path, uint mode) =>
        fchmodat(Dir(directory), path, mode, 0) < 0 ? LastErrno : Errno.None;

    /// <summary>Sets times of an open file, O_PATH too, answering errno instead of throwing.</summary>
    public static Errno TrySetTimes(FileDescriptor fd, timespec access, timespec modification) =>
        utimensat(fd, "", [access, modification], AT_EMPTY_PATH) < 0 ? LastErrno : Errno.None;

    /// <summary>Makes a directory; the umask applies.</summary>
    public static void MakeDirectoryAt(FileDescriptor? directory, string path, uint mode) =>
        Check(mkdirat(Dir(directory), path, mode), "mkdirat", path);

    /// <summary>Makes a directory unless the name exists already (as whatever it is).</summary>
    public static bool TryMakeDirectoryAt(FileDescriptor? directory, string path, uint mode, out Errno errno)
    {
        errno = mkdirat(Dir(directory), path, mode) < 0 ? LastErrno : Errno.None;
        return errno is Errno.None or Errno.EEXIST;
    }

    /// <summary>Makes a device node, FIFO, socket or regular file; <paramref name="mode"/> includes the S_IF* type.</summary>
    public static void MakeNodeAt(FileDescriptor? directory, string path, uint mode, ulong device = 0) =>
        Check(mknodat(Dir(directory), path, mode, device), "mknodat", path);

    /// <summary>Makes a FIFO.</summary>
    public static void MakeFifo(string path, uint mode) => Check(mknodat(Dir(null), path, S_IFIFO | mode, 0), "mkfifo", path);

    /// <summary>Sets permission bits; a final symbolic link is followed.</summary>
    public static void ChangeModeAt(FileDescriptor? directory, string path, uint mode) =>
        Check(fchmodat(Dir(directory), path, mode, 0), "fchmodat", path);

    /// <summary>Sets permission bits of an open file (not O_PATH).</summary>
    public static void ChangeMode(FileDescriptor fd, uint mode) => Check(fchmod(fd, mode), "fchmod");

    /// <summary>Sets access and modification time; links are not followed. UTIME_OMIT and UTIME_NOW are understood.</summary>
    public static void SetTimesAt(FileDescriptor? directory, string path, timespec access, timespec modification) =>
        Check(utimensat(Dir(directory), path, [access, modification], AT_SYMLINK_NOFOLLOW), "utimensat", path);

    /// <summary>Sets access and modification time of an open file.</summary>
    public static void SetTimes(FileDescriptor fd, timespec access, timespec modification) =>
        Check(futimens(fd, [access, modification]), "futimens");

    /// <summary>Sets the file creation mask of the process (of the thread after unshare(CLONE_FS)) and returns the old one.</summary>
    public static uint SetUmask(uint mask) => umask(mask);
}
