using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/mount.h, linux/mount.h
public static partial class Libc
{
    public const ulong MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_SYNCHRONOUS = 16, MS_REMOUNT = 32, MS_MANDLOCK = 64,
        MS_DIRSYNC = 128, MS_NOSYMFOLLOW = 256, MS_NOATIME = 1024, MS_NODIRATIME = 2048, MS_BIND = 4096, MS_MOVE = 8192, MS_REC = 16384,
        MS_SILENT = 32768, MS_UNBINDABLE = 1 << 17, MS_PRIVATE = 1 << 18, MS_SLAVE = 1 << 19, MS_SHARED = 1 << 20, MS_RELATIME = 1 << 21,
        MS_STRICTATIME = 1 << 24, MS_LAZYTIME = 1 << 25;

    public const int MNT_FORCE = 1, MNT_DETACH = 2, UMOUNT_NOFOLLOW = 8;

    public const uint OPEN_TREE_CLONE = 1, OPEN_TREE_CLOEXEC = O_CLOEXEC;
    public const uint MOVE_MOUNT_F_SYMLINKS = 1, MOVE_MOUNT_F_EMPTY_PATH = 4, MOVE_MOUNT_T_SYMLINKS = 0x10, MOVE_MOUNT_T_EMPTY_PATH = 0x40;
    public const uint FSOPEN_CLOEXEC = 1, FSMOUNT_CLOEXEC = 1;
    public const uint FSCONFIG_SET_FLAG = 0, FSCONFIG_SET_STRING = 1, FSCONFIG_SET_BINARY = 2, FSCONFIG_SET_PATH = 3,
        FSCONFIG_SET_PATH_EMPTY = 4, FSCONFIG_SET_FD = 5, FSCONFIG_CMD_CREATE = 6, FSCONFIG_CMD_RECONFIGURE = 7;

    public const ulong MOUNT_ATTR_RDONLY = 1, MOUNT_ATTR_NOSUID = 2, MOUNT_ATTR_NODEV = 4, MOUNT_ATTR_NOEXEC = 8, MOUNT_ATTR__ATIME = 0x70,
        MOUNT_ATTR_RELATIME = 0, MOUNT_ATTR_NOATIME = 0x10, MOUNT_ATTR_STRICTATIME = 0x20, MOUNT_ATTR_NODIRATIME = 0x80,
        MOUNT_ATTR_IDMAP = 0x100000, MOUNT_ATTR_NOSYMFOLLOW = 0x200000;

    public struct mount_attr
    {
        public ulong attr_set, attr_clr, propagation, userns_fd;
    }

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string? source, string target, string? type, ulong flags, string? data);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint open_tree(nint number, FileDescriptor dirfd, string path, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint move_mount(nint number, FileDescriptor fromfd, string fromPath, FileDescriptor tofd, string toPath, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint fsopen(nint number, string type, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint fsconfig(nint number, FileDescriptor fd, nint command, string? key, string? value, nint aux);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint fsmount(nint number, FileDescriptor fd, nint flags, nint attributes);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint mount_setattr(nint number, FileDescriptor dirfd, string path, nint flags, in mount_attr attr, nint size);


    private const nint SYS_open_tree = 428, SYS_move_mount = 429, SYS_fsopen = 430, SYS_fsconfig = 431, SYS_fsmount = 432, SYS_mount_setattr = 442;

    /// <summary>Classic mount(2), for changes of propagation and on kernels without the file descriptor calls.</summary>
    public static void Mount(string? source, string target, string? type, ulong flags, string? data = null) =>
        Check(mount(source, target, type, flags, data), "mount", target);

    /// <summary>Detaches or unmounts.</summary>
    public static void Unmount(string target, int flags = 0) => Check(umount2(target, flags), "umount2", target);

    /// <summary>open_tree(2): a detached copy of a mount (OPEN_TREE_CLONE, AT_RECURSIVE) or a handle to it.</summary>
    public static FileDescriptor OpenTree(FileDescriptor? directory, string path, uint flags) =>
        new((int)Check(open_tree(SYS_open_tree, Dir(directory), path, (nint)(flags | OPEN_TREE_CLOEXEC | (path.Length == 0 ? AT_EMPTY_PATH : 0u))), "open_tree", path));

    /// <summary>Attaches a detached mount at an open directory or file: no path is looked up.</summary>
    public static void MoveMount(FileDescriptor mount, FileDescriptor target, string? subject = null) =>
        Check(move_mount(SYS_move_mount, mount, "", target, "", (nint)(MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)), "move_mount", subject);

    /// <summary>Starts a file system context.</summary>
    public static FileDescriptor OpenFileSystem(string type) => new((int)Check(fsopen(SYS_fsopen, type, (nint)FSOPEN_CLOEXEC), "fsopen", type));

    /// <summary>Sets a string option of a file system context.</summary>
    public static void ConfigureString(FileDescriptor context, string key, string value) =>
        Check(fsconfig(SYS_fsconfig, context, (nint)FSCONFIG_SET_STRING, key, value, 0), "fsconfig", key);

    /// <summary>Sets a string option, answering errno instead of throwing.</summary>
    public static Errno TryConfigureString(FileDescriptor context, string key, string value) =>
        fsconfig(SYS_fsconfig, context, (nint)FSCONFIG_SET_STRING, key, value, 0) < 0 ? LastErrno : Errno.None;

    /// <summary>Sets an option of a file system context to an open file.</summary>
    public static Errno TryConfigureDescriptor(FileDescriptor context, string key, FileDescriptor value) =>
        fsconfig(SYS_fsconfig, context, (nint)FSCONFIG_SET_FD, key, null, value.Number) < 0 ? LastErrno : Errno.None;

    /// <summary>Sets a flag of a file system context.</summary>
    public static void ConfigureFlag(FileDescriptor context, string key) =>
        Check(fsconfig(SYS_fsconfig, context, (nint)FSCONFIG_SET_FLAG, key, null, 0), "fsconfig", key);

    /// <summary>Creates the superblock of a file system context.</summary>
    public static void CreateFileSystem(FileDescriptor context, string? subject = null)
    {
        if (fsconfig(SYS_fsconfig, context, (nint)FSCONFIG_CMD_CREATE, null, null, 0) >= 0) return;
        Errno errno = LastErrno;
        throw new LinuxException("fsconfig", errno, Complaint(context) ?? subject);
    }

    /// <summary>Turns a created file system context into a detached mount; <paramref name="attributes"/> are MOUNT_ATTR_*.</summary>
    public static FileDescriptor MountFileSystem(FileDescriptor context, ulong attributes = 0) =>
        new((int)Check(fsmount(SYS_fsmount, context, (nint)FSMOUNT_CLOEXEC, (nint)attributes), "fsmount"));

    /// <summary>Changes attributes or propagation of a mount; <paramref name="flags"/> may be AT_RECURSIVE.</summary>
    public static void SetMountAttributes(FileDescriptor mount, ulong set, ulong clear = 0, ulong propagation = 0, int flags = 0, FileDescriptor? userNamespace = null)
    {
        mount_attr attr = new() { attr_set = set, attr_clr = clear, propagation = propagation, userns_fd = (ulong)(userNamespace?.Number ?? 0) };
        Check(mount_setattr(SYS_mount_setattr, mount, "", flags | AT_EMPTY_PATH, in attr, 32), "mount_setattr");
        GC.KeepAlive(userNamespace);
    }

    // A file system context speaks: reading it gives lines such as "e overlay: no such lower directory".
    private static string? Complaint(FileDescriptor context)
    {
        Span<byte> buffer = stackalloc byte[512];
        int count = TryRead(context, buffer);
        return count > 2 ? System.Text.Encoding.UTF8.GetString(buffer[2..count]).Trim() : null;
    }
}
