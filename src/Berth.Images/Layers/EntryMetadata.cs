using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>Puts owner, mode, extended attributes and times on what an entry made, in the order the kernel needs.</summary>
internal sealed class EntryMetadata(TarExtractOptions options)
{
    /// <summary>For regular files and directories, by their open descriptor. Times of directories are set later, when they are full.</summary>
    public void Apply(FileDescriptor file, TarEntry entry, bool withTimes)
    {
        (uint uid, uint gid) = options.Owner ?? (entry.Uid, entry.Gid);
        Libc.ChangeOwnerAt(file, "", uid, gid); // clears setuid and file capabilities, so it comes first
        Libc.ChangeMode(file, (uint)entry.Mode);
        foreach (Xattr xattr in entry.Attributes)
        {
            if (IsWanted(xattr.Name, entry))
            {
                Set(() => Libc.SetXattr(file, xattr.Name, xattr.Value));
            }
        }
        if (withTimes)
        {
            Libc.timespec time = Time(entry.ModifiedAt);
            Libc.SetTimes(file, time, time);
        }
    }

    /// <summary>For links, devices and pipes, by name below their directory.</summary>
    public void Apply(FileDescriptor parent, string name, TarEntry entry)
    {
        (uint uid, uint gid) = options.Owner ?? (entry.Uid, entry.Gid);
        Libc.ChangeOwnerAt(parent, name, uid, gid);
        if (entry.Type != TarEntryType.SymbolicLink)
        {
            // fchmodat follows links, and a container may swap the name at any time: the mode goes to what was opened.
            using FileDescriptor node = Libc.OpenAt(parent, name, Libc.O_PATH | Libc.O_NOFOLLOW);
            if (!Libc.Stat(node).IsSymbolicLink)
            {
                Libc.ChangeModeAt(null, node.ProcPath, (uint)entry.Mode);
            }
        }
        foreach (Xattr xattr in entry.Attributes)
        {
            if (IsWanted(xattr.Name, entry))
            {
                Set(() => Libc.SetXattr($"{parent.ProcPath}/{name}", xattr.Name, xattr.Value));
            }
        }
        Libc.timespec time = Time(entry.ModifiedAt);
        Libc.SetTimesAt(parent, name, time, time);
    }

    public static Libc.timespec Time(TarTime time) => new() { tv_sec = time.Seconds, tv_nsec = time.Nanoseconds };

    // The kernel and overlayfs act on trusted.*; an archive must not be able to redirect lookups into other layers.
    private static bool IsWanted(string name, TarEntry entry)
    {
        if (name.StartsWith("trusted.", StringComparison.Ordinal) || name.StartsWith("user.overlay.", StringComparison.Ordinal))
        {
            throw ImageException.BadEntry(entry.Name, $"extended attribute {ImageException.Printable(name)} is reserved for the host");
        }
        return name is "security.capability" or "system.posix_acl_access" or "system.posix_acl_default"
            || (name.StartsWith("user.", StringComparison.Ordinal) && name.Length <= 255);
    }

    private static void Set(Action set)
    {
        try
        {
            set();
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOTSUP or Errno.EPERM)
        {
            // The file system has no such attributes, or the file type takes none: Docker goes on as well.
        }
    }
}
