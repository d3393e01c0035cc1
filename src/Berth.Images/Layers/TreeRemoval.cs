using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>Removes files and trees below a directory descriptor; symbolic links and swaps by others never lead outside.</summary>
public static class TreeRemoval
{
    private const int MaxDepth = 4096;

    /// <summary>Removes <paramref name="name"/> and everything below it.</summary>
    public static void Remove(FileDescriptor parent, string name, int depth = 0)
    {
        Errno errno = Libc.TryUnlinkAt(parent, name);
        if (errno is Errno.None or Errno.ENOENT)
        {
            return;
        }
        if (errno is not (Errno.EISDIR or Errno.EPERM) || depth > MaxDepth)
        {
            throw new LinuxException("unlinkat", errno, name);
        }
        using (FileDescriptor directory = Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW))
        {
            foreach (DirectoryEntry entry in Libc.ReadDirectory(directory))
            {
                Remove(directory, entry.Name, depth + 1);
            }
        }
        Libc.UnlinkAt(parent, name, Libc.AT_REMOVEDIR);
    }
}
