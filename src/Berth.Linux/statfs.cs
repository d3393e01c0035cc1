using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/vfs.h, linux/magic.h
public static partial class Libc
{
    public const long PROC_SUPER_MAGIC = 0x9fa0, SYSFS_MAGIC = 0x62656572, TMPFS_MAGIC = 0x01021994, OVERLAYFS_SUPER_MAGIC = 0x794c7630,
        CGROUP_SUPER_MAGIC = 0x27e0eb, CGROUP2_SUPER_MAGIC = 0x63677270, DEVPTS_SUPER_MAGIC = 0x1cd1, NSFS_MAGIC = 0x6e736673;

    [StructLayout(LayoutKind.Sequential, Size = 120)]
    public struct statfs
    {
        public long f_type, f_bsize;
        public ulong f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_fsid;
        public long f_namelen, f_frsize;
    }

    [LibraryImport(Library, EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int fstatfs_(FileDescriptor fd, out statfs buffer);

    [LibraryImport(Library, EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statfs_(string path, out statfs buffer);

    /// <summary>The file system that holds an open file: type and space.</summary>
    public static statfs StatFileSystem(FileDescriptor fd)
    {
        Check(fstatfs_(fd, out statfs result), "fstatfs");
        return result;
    }

    /// <summary>The file system that holds a path: type and space.</summary>
    public static statfs StatFileSystem(string path)
    {
        Check(statfs_(path, out statfs result), "statfs", path);
        return result;
    }
}
