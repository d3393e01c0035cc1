using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/inotify.h
public static partial class Libc
{
    public const uint IN_MODIFY = 2, IN_ATTRIB = 4, IN_CLOSE_WRITE = 8, IN_MOVED_FROM = 0x40, IN_MOVED_TO = 0x80, IN_CREATE = 0x100,
        IN_DELETE = 0x200, IN_DELETE_SELF = 0x400, IN_MOVE_SELF = 0x800;

    [LibraryImport(Library, SetLastError = true)]
    private static partial FileDescriptor inotify_init1(int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(FileDescriptor fd, string path, uint mask);

    /// <summary>An inotify queue, close-on-exec; <paramref name="nonBlocking"/> for use with epoll.</summary>
    public static FileDescriptor OpenInotify(bool nonBlocking = true) => Check(inotify_init1(O_CLOEXEC | (nonBlocking ? O_NONBLOCK : 0)), "inotify_init1");

    /// <summary>Watches a path for IN_* events and returns the watch number.</summary>
    public static int AddWatch(FileDescriptor inotify, string path, uint mask) => Check(inotify_add_watch(inotify, path, mask), "inotify_add_watch", path);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int inotify_rm_watch(FileDescriptor fd, int watch);

    /// <summary>Ends a watch; one that the kernel ended already is no error.</summary>
    public static void RemoveWatch(FileDescriptor inotify, int watch) => inotify_rm_watch(inotify, watch);
}
