using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>
/// The directory an archive is unpacked into. Parents are reached by openat2 without symbolic links; the last one stays open,
/// because archives list a directory's files one after another.
/// </summary>
internal sealed class ExtractTarget(FileDescriptor root, LowerView? lower, TarExtractOptions options) : IDisposable
{
    private const int MaxLinkHops = 40; // path_resolution(7)

    private readonly HashSet<string> _whiteouts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TarTime> _directoryTimes = new(StringComparer.Ordinal);
    private string? _openPath, _resolvedPath;
    private FileDescriptor? _open;

    public FileDescriptor Root { get; } = root;

    /// <summary>The directory that holds an entry, made when it is missing, and its path after links of lower layers were followed.</summary>
    public (FileDescriptor Directory, string Path) Parent(ReadOnlySpan<string> parts, string entry)
    {
        string path = string.Join('/', parts!);
        if (_openPath == path)
        {
            return (_open!, _resolvedPath!);
        }
        FileDescriptor? directory = TryOpen(path, out Errno errno);
        string resolved = path;
        if (directory is null)
        {
            if (errno is not (Errno.ENOENT or Errno.ENOTDIR))
            {
                throw Refused(errno, entry);
            }
            if (options.FollowsLinks)
            {
                directory = errno == Errno.ENOENT ? MakeFollowing(path) : throw Refused(errno, entry);
            }
            else
            {
                resolved = MakeParents(parts, entry);
                directory = TryOpen(resolved, out errno) ?? throw Refused(errno, entry);
            }
        }
        _open?.Dispose();
        (_openPath, _resolvedPath, _open) = (path, resolved, directory);
        return (directory, resolved);
    }

    /// <summary>Opens a directory below the root, by default without following any link.</summary>
    public FileDescriptor? TryOpen(string path, out Errno errno) => options.FollowsLinks
        ? PathWalker.TryOpenInRoot(Root, path, Libc.O_PATH | Libc.O_DIRECTORY, out errno)
        : Libc.TryOpenAt2(Root, path.Length == 0 ? "." : path, Libc.O_PATH | Libc.O_DIRECTORY,
            Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_SYMLINKS | Libc.RESOLVE_NO_MAGICLINKS, 0, out errno);

    /// <summary>Opens a directory that was there before, or was just made, to change its attributes.</summary>
    public FileDescriptor OpenExisting(FileDescriptor parent, string path, string name, bool exists) => exists && options.FollowsLinks
        ? PathWalker.OpenInRoot(Root, path, Libc.O_RDONLY | Libc.O_DIRECTORY)
        : Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);

    /// <summary>Remembers a time to set when the directory has all its files.</summary>
    public void SetTimeLater(string path, TarTime time) => _directoryTimes[path] = time;

    /// <summary>Sets the remembered times.</summary>
    public void SetDirectoryTimes()
    {
        foreach ((string path, TarTime time) in _directoryTimes)
        {
            if (TryOpen(path, out _) is not { } directory)
            {
                continue; // a later entry, or the container, replaced it
            }
            using (directory)
            {
                Libc.timespec stamp = EntryMetadata.Time(time);
                Libc.SetTimesAt(directory, ".", stamp, stamp);
            }
        }
    }

    /// <summary>Hides what lower layers have under a name; entries of this layer with the name stay.</summary>
    public void Whiteout(FileDescriptor parent, string parentPath, string name, string entry)
    {
        string path = Join(parentPath, name);
        if (lower?.Find(path) is null)
        {
            return; // nothing to hide, and a needless whiteout would show up in listings of unmerged directories
        }
        switch (Libc.TryStatAt(parent, name, out Libc.statx existing))
        {
            case Errno.ENOENT:
                Libc.MakeNodeAt(parent, name, Libc.S_IFCHR);
                break;
            case Errno.None when existing.IsDirectory:
                SetOpaque(parent, name);
                break;
            case Errno.None:
                break;
            case var errno:
                throw Refused(errno, entry);
        }
        _whiteouts.Add(path);
    }

    /// <summary>Hides everything lower layers have in a directory.</summary>
    public static void MakeOpaque(FileDescriptor directory)
    {
        using FileDescriptor readable = Libc.OpenAt(directory, ".", Libc.O_RDONLY | Libc.O_DIRECTORY);
        Libc.SetXattr(readable, LayerNames.OpaqueXattr, "y"u8);
    }

    /// <summary>Makes the name free for a new entry, or refuses. True when a directory is already there and one is wanted.</summary>
    public bool Prepare(FileDescriptor parent, string path, string name, bool wantDirectory, string entry)
    {
        if (Libc.TryStatAt(parent, name, out Libc.statx existing) is var errno && errno != Errno.None)
        {
            return errno == Errno.ENOENT ? false : throw Refused(errno, entry);
        }
        if (existing.IsDirectory && wantDirectory)
        {
            return true;
        }
        if (wantDirectory && options.FollowsLinks && existing.IsSymbolicLink && TryOpen(path, out _) is { } linked)
        {
            linked.Dispose();
            return true;
        }
        if (options.IsLayer)
        {
            if (LowerView.IsWhiteout(existing) && _whiteouts.Contains(path))
            {
                Libc.UnlinkAt(parent, name);
                return false;
            }
            throw ImageException.BadEntry(entry, existing.IsDirectory ? "an earlier entry made a directory of this name"
                : wantDirectory ? "an earlier entry made a file of this name" : "an earlier entry has the same name");
        }
        if (options.NoOverwriteDirNonDir && (existing.IsDirectory || wantDirectory))
        {
            throw new ImageException(ImageErrorCode.InvalidParameter, existing.IsDirectory
                ? $"cannot overwrite directory \"{ImageException.Printable(entry)}\" with non-directory"
                : $"cannot overwrite non-directory \"{ImageException.Printable(entry)}\" with directory");
        }
        TreeRemoval.Remove(parent, name);
        return false;
    }

    /// <summary>After a directory was made: it replaces, rather than joins, one that this layer whited out.</summary>
    public void MarkReplaced(FileDescriptor parent, string path, string name)
    {
        if (_whiteouts.Contains(path))
        {
            SetOpaque(parent, name);
        }
    }

    public static string Join(string parent, string name) => parent.Length == 0 ? name : $"{parent}/{name}";

    public static ImageException Refused(Errno errno, string entry) => ImageException.BadEntry(entry, errno switch
    {
        Errno.ELOOP => "a directory of its path is a symbolic link",
        Errno.ENOTDIR => "a directory of its path is a file",
        Errno.EXDEV => "its path leaves the target directory",
        Errno.ENAMETOOLONG => "its name is too long for the file system",
        _ => errno.Describe(),
    });

    public void Dispose() => _open?.Dispose();

    private static void SetOpaque(FileDescriptor parent, string name)
    {
        using FileDescriptor directory = Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        Libc.SetXattr(directory, LayerNames.OpaqueXattr, "y"u8);
    }

    private FileDescriptor MakeFollowing(string path)
    {
        (uint uid, uint gid) = options.Owner ?? (0, 0);
        return PathWalker.MakeDirectories(Root, path, 0x1ED /* 0755 */, uid, gid);
    }

    // Directories that the archive takes for granted: they look as in the layers below, else plain. Where the layers below have a
    // link (/bin in a merged /usr), the entry goes where the link points; the walk keeps to this layer's own real directories.
    private string MakeParents(ReadOnlySpan<string> parts, string entry)
    {
        var resolved = new List<string>();
        var ahead = new Stack<string>(parts.ToArray().Reverse());
        int hops = 0;
        while (ahead.TryPop(out string? part))
        {
            if (part == "..")
            {
                resolved.RemoveRange(Math.Max(0, resolved.Count - 1), Math.Min(1, resolved.Count));
                continue;
            }
            string parentPath = string.Join('/', resolved), path = Join(parentPath, part);
            using FileDescriptor parent = TryOpen(parentPath, out Errno errno) ?? throw Refused(errno, entry);
            if (Libc.TryStatAt(parent, part, out Libc.statx existing) is var found && found == Errno.None && existing.IsDirectory)
            {
                resolved.Add(part);
                continue;
            }
            if (found == Errno.None && !(LowerView.IsWhiteout(existing) && _whiteouts.Contains(path)))
            {
                throw Refused(existing.IsSymbolicLink ? Errno.ELOOP : Errno.ENOTDIR, entry);
            }
            LowerEntry? below = found == Errno.None ? null : lower?.Find(path);
            if (below?.Stat.IsSymbolicLink == true)
            {
                string target = Libc.ReadLinkAt(below.Layer, below.Path);
                if (++hops > MaxLinkHops)
                {
                    throw Refused(Errno.ELOOP, entry);
                }
                if (target.StartsWith('/'))
                {
                    resolved.Clear();
                }
                foreach (string next in target.Split('/').Where(next => next is not ("" or ".")).Reverse())
                {
                    ahead.Push(next);
                }
                continue;
            }
            if (below is not null && !below.Stat.IsDirectory)
            {
                throw Refused(Errno.ENOTDIR, entry);
            }
            MakeDirectory(parent, part, path, below, replaces: found == Errno.None);
            resolved.Add(part);
        }
        return string.Join('/', resolved);
    }

    private void MakeDirectory(FileDescriptor parent, string name, string path, LowerEntry? like, bool replaces)
    {
        if (replaces)
        {
            Libc.UnlinkAt(parent, name);
        }
        Libc.MakeDirectoryAt(parent, name, 0x1ED /* 0755 */);
        using FileDescriptor directory = Libc.OpenAt(parent, name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        if (like is not null)
        {
            CopyAttributes(like, directory, path);
            return;
        }
        (uint uid, uint gid) = options.Owner ?? (0, 0);
        Libc.ChangeOwnerAt(directory, "", uid, gid);
        Libc.ChangeMode(directory, 0x1ED);
        if (options.IsLayer)
        {
            SetTimeLater(path, default); // the time of unpacking must not become part of the image
        }
        if (replaces)
        {
            Libc.SetXattr(directory, LayerNames.OpaqueXattr, "y"u8);
        }
    }

    /// <summary>Makes a directory look like one of a lower layer.</summary>
    public void CopyAttributes(LowerEntry like, FileDescriptor directory, string path)
    {
        Libc.ChangeOwnerAt(directory, "", like.Stat.stx_uid, like.Stat.stx_gid);
        Libc.ChangeMode(directory, like.Stat.Permissions);
        foreach (string name in Libc.ListXattr(like.ProcPath))
        {
            if (!name.StartsWith(LayerNames.OverlayXattrPrefix, StringComparison.Ordinal) && Libc.GetXattr(like.ProcPath, name) is { } value)
            {
                Libc.SetXattr(directory, name, value);
            }
        }
        SetTimeLater(path, new TarTime(like.Stat.stx_mtime.tv_sec, (int)like.Stat.stx_mtime.tv_nsec));
    }
}
