using static Berth.Linux.Libc;

namespace Berth.Linux;

/// <summary>Looks up paths below an open root directory as a process chrooted there would see them. Symbolic links can point
/// anywhere and be swapped at any time: the kernel never leaves the root (openat2 with RESOLVE_IN_ROOT).</summary>
public static class PathWalker
{
    /// <summary>Opens a path inside a root; links are followed within it. Magic links of /proc are refused.</summary>
    public static FileDescriptor OpenInRoot(FileDescriptor root, string path, int flags, uint mode = 0) =>
        OpenAt2(root, Checked(path), flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, mode);

    /// <summary>Opens a path inside a root; null with the reason when that fails.</summary>
    public static FileDescriptor? TryOpenInRoot(FileDescriptor root, string path, int flags, out Errno errno, uint mode = 0) =>
        TryOpenAt2(root, Checked(path), flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, mode, out errno);

    /// <summary>Opens a path that must not leave the directory and must not contain any symbolic link.</summary>
    public static FileDescriptor OpenBeneath(FileDescriptor directory, string path, int flags, uint mode = 0) =>
        OpenAt2(directory, Checked(path), flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, mode);

    /// <summary>Like <see cref="OpenBeneath"/>; null with the reason when that fails.</summary>
    public static FileDescriptor? TryOpenBeneath(FileDescriptor directory, string path, int flags, out Errno errno, uint mode = 0) =>
        TryOpenAt2(directory, Checked(path), flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, mode, out errno);

    /// <summary>Opens a directory inside a root (O_PATH), making missing parts. Existing links are followed within the root; a dangling
    /// link is an error, because making its target would surprise.</summary>
    public static FileDescriptor MakeDirectories(FileDescriptor root, string path, uint mode, uint uid = 0, uint gid = 0)
    {
        if (TryOpenInRoot(root, path, O_PATH | O_DIRECTORY, out Errno errno) is { } existing) return existing;
        if (errno != Errno.ENOENT) throw new LinuxException("openat2", errno, path);
        // The prefix that exists is looked up anew for each part, so ".." and links keep their meaning inside the root.
        FileDescriptor current = OpenInRoot(root, "/", O_PATH | O_DIRECTORY);
        string walked = "";
        try
        {
            foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                if (part == ".") continue;
                walked += "/" + part;
                FileDescriptor? next = TryOpenInRoot(root, walked, O_PATH | O_DIRECTORY, out errno);
                if (next is null)
                {
                    if (errno != Errno.ENOENT) throw new LinuxException("openat2", errno, walked);
                    if (TryMakeDirectoryAt(current, part, mode, out errno) is false) throw new LinuxException("mkdirat", errno, walked);
                    next = OpenAt2(current, part, O_PATH | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
                    if (errno == Errno.None && (uid != 0 || gid != 0)) ChangeOwnerAt(next, "", uid, gid);
                }
                current.Dispose();
                current = next;
            }
            return current;
        }
        catch
        {
            current.Dispose();
            throw;
        }
    }

    // A NUL would end the path early for the kernel: what was checked would not be what is opened.
    private static string Checked(string path) => path.Contains('\0') ? throw new LinuxException("openat2", Errno.EINVAL, path.Replace('\0', '?')) : path.Length == 0 ? "." : path;
}
