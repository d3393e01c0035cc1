using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Rootfs;

/// <summary>Finds, or makes, the places where mounts go, as open descriptors below the container's root: no path is looked up again
/// later, so an image or a running container cannot move them.</summary>
internal static class MountTarget
{
    /// <summary>A directory inside the root. Links are followed within it, but none on the way to /dev, /proc and /sys.</summary>
    public static FileDescriptor Directory(FileDescriptor root, string path, uint mode = 0x1ED /* 0755 */)
    {
        if (!MayContainLinks(path))
        {
            FileDescriptor? plain = TryOpenAt2(root, path.Trim('/'), O_PATH | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, 0, out Errno errno);
            if (plain is not null) return plain;
            if (errno != Errno.ENOENT) throw new LinuxException("openat2", errno, path);
        }
        return PathWalker.MakeDirectories(root, path, mode);
    }

    /// <summary>A place of the kind of <paramref name="source"/>: a directory, or a regular file for anything else.</summary>
    public static FileDescriptor Like(FileDescriptor source, FileDescriptor root, string path)
    {
        if (Stat(source).IsDirectory) return Directory(root, path);
        if (PathWalker.TryOpenInRoot(root, path, O_PATH, out Errno errno) is { } existing) return existing;
        if (errno != Errno.ENOENT) throw new LinuxException("openat2", errno, path);
        int slash = path.TrimEnd('/').LastIndexOf('/');
        using FileDescriptor parent = Directory(root, slash <= 0 ? "/" : path[..slash]);
        string name = path.TrimEnd('/')[(slash + 1)..];
        using (OpenAt2(parent, name, O_WRONLY | O_CREAT | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, 0x1A4 /* 0644 */)) { }
        return OpenAt2(parent, name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    }

    private static bool MayContainLinks(string path) =>
        path is not ("/dev" or "/proc" or "/sys") && !path.StartsWith("/dev/", StringComparison.Ordinal)
        && !path.StartsWith("/proc/", StringComparison.Ordinal) && !path.StartsWith("/sys/", StringComparison.Ordinal);
}
