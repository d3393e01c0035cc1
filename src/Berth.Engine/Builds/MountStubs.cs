using Berth.Linux;

namespace Berth.Engine.Builds;

/// <summary>
/// The empty files and directories that mounts of a step need as their places. They are found missing before the step and taken away after
/// it, so that they get into no layer.
/// </summary>
internal sealed class MountStubs
{
    private readonly List<string> _paths = [];
    private readonly Dictionary<string, Libc.statx> _parents = new(StringComparer.Ordinal);

    /// <summary>Looks which parts of the targets are missing in a root.</summary>
    public MountStubs(FileDescriptor root, IEnumerable<string> targets)
    {
        foreach (string target in targets)
        {
            string path = "";
            string[] parts = target.Split('/', StringSplitOptions.RemoveEmptyEntries);
            for (int i = 0; i < parts.Length; i++)
            {
                string next = $"{path}/{parts[i]}";
                using FileDescriptor? node = PathWalker.TryOpenInRoot(root, next, Libc.O_PATH, out _);
                if (node is null)
                {
                    using FileDescriptor parent = PathWalker.OpenInRoot(root, path.Length == 0 ? "/" : path, Libc.O_PATH);
                    _parents.TryAdd(path, Libc.Stat(parent));
                    for (; i < parts.Length; i++, path = next)
                        _paths.Add(next = $"{path}/{parts[i]}");
                    break;
                }
                path = next;
            }
        }
    }

    /// <summary>Takes away, in the root after the step, those that are still there and empty; their directories' times are as they were.</summary>
    public void Remove(FileDescriptor root)
    {
        foreach (string path in _paths.Distinct().OrderByDescending(static path => path.Length))
        {
            int slash = path.LastIndexOf('/');
            string name = path[(slash + 1)..];
            using FileDescriptor? parent = PathWalker.TryOpenInRoot(root, slash == 0 ? "/" : path[..slash], Libc.O_RDONLY | Libc.O_DIRECTORY, out _);
            if (parent is null || Libc.TryStatAt(parent, name, out Libc.statx stub) != Errno.None)
                continue;
            Libc.statx before = Libc.Stat(parent);
            Errno removed = stub.IsDirectory ? Libc.TryUnlinkAt(parent, name, Libc.AT_REMOVEDIR)
                : stub.IsRegularFile && stub.stx_size == 0 ? Libc.TryUnlinkAt(parent, name) : Errno.EEXIST;
            if (removed == Errno.None)
                Libc.SetTimes(parent, Time(before.stx_atime), Time(before.stx_mtime));
        }
    }

    /// <summary>Takes directories out of the step's own layer that are there for nothing but a stub.</summary>
    public void Trim(string upperDirectory)
    {
        using FileDescriptor upper = Libc.Open(upperDirectory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        foreach ((string path, Libc.statx before) in _parents.OrderByDescending(static parent => parent.Key.Length))
        {
            string at = path.Trim('/');
            for (bool first = true; at.Length > 0; first = false, at = at.LastIndexOf('/') is > 0 and int slash ? at[..slash] : "")
            {
                using FileDescriptor? directory = PathWalker.TryOpenBeneath(upper, at, Libc.O_RDONLY | Libc.O_DIRECTORY, out _);
                if (directory is null || Libc.ReadDirectory(directory).Count > 0 || Libc.GetXattr(directory, "trusted.overlay.opaque") is not null)
                    break;
                Libc.statx now = Libc.Stat(directory);
                if (first && (now.stx_mode != before.stx_mode || now.stx_uid != before.stx_uid || now.stx_gid != before.stx_gid))
                    break;
                if (Libc.TryUnlinkAt(upper, at, Libc.AT_REMOVEDIR) != Errno.None)
                    break;
            }
        }
    }

    private static Libc.timespec Time(in Libc.statx_timestamp time) => new() { tv_sec = time.tv_sec, tv_nsec = time.tv_nsec };
}
