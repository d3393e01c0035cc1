using System.Text;
using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>
/// Removes files and trees below a directory descriptor; symbolic links and swaps by others never lead outside. Names need not be UTF-8,
/// directories may be nested without bound, and files may be protected: a workload can make them so.
/// </summary>
public static class TreeRemoval
{
    // Each level costs a descriptor and a stack frame.
    private const int MaxDepth = 64;

    /// <summary>Removes <paramref name="name"/> and everything below it.</summary>
    public static void Remove(FileDescriptor parent, string name)
    {
        byte[] raw = Encoding.UTF8.GetBytes(name + '\0');
        if (TryUnlink(parent, raw))
        {
            return;
        }
        using (FileDescriptor top = OpenDirectory(parent, raw))
        {
            // What lies too deep is moved up here; each round is left with less.
            for (bool moved = true; moved;)
            {
                moved = false;
                using FileDescriptor again = OpenDirectory(top, ".\0"u8.ToArray()); // reads from the beginning
                Empty(top, again, 0, ref moved);
            }
        }
        RemoveDirectory(parent, raw);
    }

    private static void Empty(FileDescriptor top, FileDescriptor directory, int depth, ref bool moved)
    {
        foreach (byte[] name in Libc.ReadRawNames(directory))
        {
            if (TryUnlink(directory, name))
            {
                continue;
            }
            if (depth >= MaxDepth)
            {
                Libc.RenameAt(directory, name, top, $".{Guid.NewGuid():N}");
                moved = true;
                continue;
            }
            using (FileDescriptor child = OpenDirectory(directory, name))
            {
                Empty(top, child, depth + 1, ref moved);
            }
            RemoveDirectory(directory, name);
        }
    }

    private static FileDescriptor OpenDirectory(FileDescriptor parent, byte[] name) =>
        Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);

    /// <summary>False when it is a directory.</summary>
    private static bool TryUnlink(FileDescriptor parent, byte[] name)
    {
        Errno errno = Unlink(parent, name, 0);
        return errno switch
        {
            Errno.None or Errno.ENOENT => true,
            Errno.EISDIR => false,
            _ => throw Failed(errno, name),
        };
    }

    private static void RemoveDirectory(FileDescriptor parent, byte[] name)
    {
        if (Unlink(parent, name, Libc.AT_REMOVEDIR) is not (Errno.None or Errno.ENOENT) and var errno)
        {
            throw Failed(errno, name);
        }
    }

    private static Errno Unlink(FileDescriptor parent, byte[] name, int flags)
    {
        Errno errno = Libc.TryUnlinkAt(parent, name, flags);
        return errno == Errno.EPERM && ClearProtection(parent, name) ? Libc.TryUnlinkAt(parent, name, flags) : errno;
    }

    // A workload with the capability may have made file or directory immutable: chattr(1).
    private static bool ClearProtection(FileDescriptor parent, byte[] name)
    {
        bool cleared = Libc.TryClearProtection(parent);
        try
        {
            using FileDescriptor file = Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK | Libc.O_NOCTTY);
            return Libc.TryClearProtection(file) || cleared;
        }
        catch (LinuxException)
        {
            return cleared;
        }
    }

    private static LinuxException Failed(Errno errno, byte[] name) => new("unlinkat", errno, Encoding.UTF8.GetString(name.AsSpan(0, name.Length - 1)));
}
