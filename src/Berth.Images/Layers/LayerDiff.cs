using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>Compares an overlay upper directory with what lies below it.</summary>
public static class LayerDiff
{
    private const int MaxDepth = 1000;

    /// <summary>The changes as <c>docker diff</c> lists them, sorted by path. <paramref name="lowerDirectories"/> are topmost first.</summary>
    public static IReadOnlyList<FileChange> Compare(string upperDirectory, IReadOnlyList<string> lowerDirectories)
    {
        using FileDescriptor upper = Libc.Open(upperDirectory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        using var lower = new LowerView(lowerDirectories);
        var changes = new SortedDictionary<string, ChangeKind>(StringComparer.Ordinal);
        Walk(upper, "", lower, hidden: false, changes);
        return [.. changes.Select(change => new FileChange(change.Key, change.Value))];
    }

    // hidden: an opaque directory above keeps the lower layers out of sight, so everything here is new.
    private static void Walk(FileDescriptor directory, string path, LowerView lower, bool hidden, SortedDictionary<string, ChangeKind> changes, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            throw new ImageException(ImageErrorCode.NotSupported, $"directories more than {MaxDepth} deep: {ImageException.Printable(path)}");
        }
        foreach (DirectoryEntry entry in Libc.ReadDirectory(directory))
        {
            string name = ExtractTarget.Join(path, entry.Name);
            if (Libc.TryStatAt(directory, entry.Name, out Libc.statx stat) != Errno.None)
            {
                continue;
            }
            LowerEntry? below = hidden ? null : lower.Find(name);
            if (LowerView.IsWhiteout(stat))
            {
                if (below is not null)
                {
                    Add(changes, name, ChangeKind.Deleted);
                }
                continue;
            }
            if (below is null || !IsSameDirectory(stat, below.Stat))
            {
                Add(changes, name, below is null ? ChangeKind.Added : ChangeKind.Modified);
            }
            if (stat.IsDirectory && Libc.TryOpenAt(directory, entry.Name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out _) is { } child)
            {
                using (child)
                {
                    bool opaque = Libc.GetXattr(child, LayerNames.OpaqueXattr) is [(byte)'y', ..];
                    if (opaque && below is { Stat.IsDirectory: true })
                    {
                        AddHidden(child, name, lower, changes);
                    }
                    Walk(child, name, lower, hidden || opaque || below is not { Stat.IsDirectory: true }, changes, depth + 1);
                }
            }
        }
    }

    // A directory that is only there because of something below it looks just as it did.
    private static bool IsSameDirectory(in Libc.statx upper, in Libc.statx lower) =>
        upper.IsDirectory && lower.IsDirectory && upper.stx_mode == lower.stx_mode && upper.stx_uid == lower.stx_uid && upper.stx_gid == lower.stx_gid
        && upper.stx_mtime.tv_sec == lower.stx_mtime.tv_sec && upper.stx_mtime.tv_nsec == lower.stx_mtime.tv_nsec;

    private static void AddHidden(FileDescriptor upper, string path, LowerView lower, SortedDictionary<string, ChangeKind> changes)
    {
        foreach (string name in lower.List(path))
        {
            if (Libc.TryStatAt(upper, name, out _) == Errno.ENOENT)
            {
                Add(changes, ExtractTarget.Join(path, name), ChangeKind.Deleted);
            }
        }
    }

    // Docker lists every directory above a change as modified.
    private static void Add(SortedDictionary<string, ChangeKind> changes, string path, ChangeKind kind)
    {
        changes["/" + path] = kind;
        for (int slash = path.LastIndexOf('/'); slash > 0 && changes.TryAdd("/" + path[..slash], ChangeKind.Modified); slash = path.LastIndexOf('/', slash - 1))
        {
        }
    }
}
