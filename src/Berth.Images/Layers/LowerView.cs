using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>Looks names up in a stack of overlay lower directories as overlayfs would merge them, topmost first.</summary>
internal sealed class LowerView : IDisposable
{
    private readonly List<FileDescriptor> _layers = [];

    public LowerView(IEnumerable<string> directories)
    {
        foreach (string directory in directories)
        {
            _layers.Add(Libc.Open(directory, Libc.O_PATH | Libc.O_DIRECTORY));
        }
    }

    /// <summary>Whether there is no layer below.</summary>
    public bool IsEmpty => _layers.Count == 0;

    /// <summary>What the merged tree has at <paramref name="path"/> (its parts joined by '/'; "" is the root); null when nothing.</summary>
    public LowerEntry? Find(string path)
    {
        List<FileDescriptor> merged = _layers;
        if (path.Length == 0)
        {
            return IsEmpty ? null : new LowerEntry(_layers[0], ".", Libc.Stat(_layers[0]));
        }
        LowerEntry? found = null;
        string prefix = "";
        foreach (string part in path.Split('/'))
        {
            prefix = prefix.Length == 0 ? part : $"{prefix}/{part}";
            var next = new List<FileDescriptor>();
            found = null;
            foreach (FileDescriptor layer in merged)
            {
                using FileDescriptor? node = PathWalker.TryOpenBeneath(layer, prefix, Libc.O_PATH | Libc.O_NOFOLLOW, out Errno errno);
                if (node is null)
                {
                    if (errno is Errno.ENOENT)
                    {
                        continue;
                    }
                    // A final symbolic link also ends here: RESOLVE_NO_SYMLINKS counts it. Its parents were directories one step ago.
                    found ??= Libc.TryStatAt(layer, prefix, out Libc.statx link) == Errno.None ? new LowerEntry(layer, prefix, link) : null;
                    break;
                }
                Libc.statx stat = Libc.Stat(node);
                if (IsWhiteout(stat))
                {
                    break;
                }
                found ??= new LowerEntry(layer, prefix, stat);
                if (!stat.IsDirectory)
                {
                    break;
                }
                next.Add(layer);
                if (Libc.GetXattr($"{layer.ProcPath}/{prefix}", LayerNames.OpaqueXattr) is [(byte)'y', ..])
                {
                    break;
                }
            }
            if (found is null)
            {
                return null;
            }
            merged = next;
        }
        return found;
    }

    /// <summary>Names the merged tree has in a directory.</summary>
    public IReadOnlyCollection<string> List(string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (FileDescriptor layer in _layers)
        {
            using FileDescriptor? directory = PathWalker.TryOpenBeneath(layer, path, Libc.O_RDONLY | Libc.O_DIRECTORY, out _);
            names.UnionWith(directory is null ? [] : Libc.ReadDirectory(directory).Select(entry => entry.Name));
        }
        names.RemoveWhere(name => Find($"{path}/{name}") is null);
        return names;
    }

    public static bool IsWhiteout(in Libc.statx stat) => stat.FileType == Libc.S_IFCHR && stat.DeviceNumber == 0;

    public void Dispose()
    {
        foreach (FileDescriptor layer in _layers)
        {
            layer.Dispose();
        }
    }
}
