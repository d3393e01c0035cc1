using Berth.Linux;

namespace Berth.Images.Containers;

/// <summary>A path of a container taken apart step by step, links followed inside its root, as text and as descriptors.</summary>
internal static class ContainerPath
{
    private const int MaxLinkHops = 40; // path_resolution(7)

    /// <summary>Opens the directory that holds the path's last part; the last part is "." for the root and after a trailing slash or dot.</summary>
    public static (FileDescriptor Parent, string Name) OpenParent(FileDescriptor root, string path)
    {
        RefuseNul(path);
        string trimmed = path.TrimEnd('/');
        int slash = trimmed.LastIndexOf('/');
        string name = trimmed[(slash + 1)..];
        bool asDirectory = name is "" or "." or ".." || trimmed.Length < path.Length;
        string directory = asDirectory ? path : trimmed[..Math.Max(0, slash)];
        FileDescriptor parent = Open(root, directory, path);
        return (parent, asDirectory ? "." : name);
    }

    /// <summary>Opens a directory inside the root.</summary>
    public static FileDescriptor Open(FileDescriptor root, string directory, string shown)
    {
        RefuseNul(directory);
        return PathWalker.TryOpenInRoot(root, directory.Length == 0 ? "/" : directory, Libc.O_RDONLY | Libc.O_DIRECTORY, out Errno errno) ?? throw Refused(errno, shown);
    }

    /// <summary>Where a symbolic link leads in the end, as an absolute path of the container.</summary>
    public static string Resolve(FileDescriptor root, string path)
    {
        var resolved = new List<string>();
        var ahead = new Stack<string>(Parts(path).Reverse());
        for (int hops = 0; ahead.TryPop(out string? part);)
        {
            if (part == "..")
            {
                resolved.RemoveRange(Math.Max(0, resolved.Count - 1), Math.Min(1, resolved.Count));
                continue;
            }
            resolved.Add(part);
            using FileDescriptor? node = PathWalker.TryOpenInRoot(root, "/" + string.Join('/', resolved), Libc.O_PATH | Libc.O_NOFOLLOW, out _);
            if (node is null || !Libc.Stat(node).IsSymbolicLink)
            {
                continue;
            }
            if (++hops > MaxLinkHops)
            {
                throw Refused(Errno.ELOOP, path);
            }
            string target = Libc.ReadLinkAt(node, "");
            resolved.RemoveAt(resolved.Count - 1);
            if (target.StartsWith('/'))
            {
                resolved.Clear();
            }
            foreach (string next in Parts(target).Reverse())
            {
                ahead.Push(next);
            }
        }
        return "/" + string.Join('/', resolved);
    }

    public static ImageException Refused(Errno errno, string path) => errno switch
    {
        Errno.ENOENT => new ImageException(ImageErrorCode.NotFound, $"Could not find the file {ImageException.Printable(path)} in the container"),
        Errno.ENOTDIR => new ImageException(ImageErrorCode.InvalidParameter, $"{ImageException.Printable(path)}: not a directory"),
        _ => new ImageException(ImageErrorCode.InvalidParameter, $"{ImageException.Printable(path)}: {errno.Describe()}"),
    };

    // The kernel would take the path to end there: what was checked would not be what is opened.
    private static void RefuseNul(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw Refused(Errno.EINVAL, path);
        }
    }

    private static IEnumerable<string> Parts(string path) => path.Split('/').Where(part => part is not ("" or "."));
}
