using Berth.Linux;

namespace Berth.FileSystems;

/// <summary>The files a guest knows. Bounded twice: nodes by what the guest may hold, descriptors by closing those not used lately.</summary>
internal sealed class NodeTable(int mostNodes, int mostDescriptors) : IDisposable
{
    /// <summary>The number of the file system's root. [FUSE] FUSE_ROOT_ID</summary>
    public const ulong Root = 1;

    // Deeper than any path of Linux is long.
    private const int DeepestPath = 4096;

    private readonly Dictionary<ulong, FileNode> _byId = [];
    private readonly Dictionary<FileIdentity, FileNode> _byIdentity = [];
    private readonly List<FileNode> _open = [];
    private ulong _next = Root + 1;
    private int _hand;

    public int Count => _byId.Count;

    public int Descriptors => _open.Count;

    public FileNode? Find(ulong id) => _byId.GetValueOrDefault(id);

    public FileNode? Find(in FileIdentity identity) => _byIdentity.GetValueOrDefault(identity);

    /// <summary>The node of a file that was seen under a name, made if it is new, and counted as told to the guest; null when there are too many.</summary>
    public FileNode? Enter(in FileIdentity identity, uint type, ulong parent, ReadOnlySpan<byte> name)
    {
        if (!_byIdentity.TryGetValue(identity, out FileNode? node))
        {
            if (_byId.Count >= mostNodes) return null;
            node = new FileNode(_next++, identity, type);
            _byId[node.Id] = node;
            _byIdentity[identity] = node;
        }
        node.Lookups++;
        if (!node.IsPinned) Move(node, parent, name);
        return node;
    }

    /// <summary>It is found under this name from now on.</summary>
    public static void Move(FileNode node, ulong parent, ReadOnlySpan<byte> name)
    {
        node.Parent = parent;
        if (!name.SequenceEqual(node.Name)) node.Name = name.ToArray();
    }

    /// <summary>Keeps a descriptor for a node; one it has already is kept instead.</summary>
    public void Attach(FileNode node, FileDescriptor path)
    {
        node.IsRecent = true;
        if (node.Path is not null)
        {
            path.Dispose();
            return;
        }
        node.Path = path;
        _open.Add(node);
    }

    /// <summary>Has the descriptor stay open as long as the guest knows the file, unless there are too many of those.</summary>
    public void Pin(FileNode node)
    {
        if (node.Path is not null && _open.Count < mostDescriptors / 2) node.IsPinned = true;
    }

    /// <summary>A descriptor of the file itself, O_PATH; null with the reason when it is not where it was.</summary>
    public FileDescriptor? Open(FileNode node, out Errno errno)
    {
        errno = Errno.None;
        node.IsRecent = true;
        if (node.Path is { } path) return path;
        // Up to the nearest directory that is open, then down again.
        Stack<FileNode> closed = new();
        for (FileNode? at = node; at is { Path: null }; at = Find(at.Parent))
        {
            if (closed.Count == DeepestPath || at.Name.Length == 0)
            {
                errno = Errno.ESTALE;
                return null;
            }
            closed.Push(at);
        }
        while (closed.TryPop(out FileNode? next))
        {
            FileDescriptor? opened = Find(next.Parent)?.Path is { } directory ? OpenEntry(directory, next.Name, out _) : null;
            if (opened is null || Libc.TryStatAt(opened, "\0"u8, out Libc.statx status) != Errno.None || FileIdentity.Of(next.Identity.Folder, status) != next.Identity)
            {
                opened?.Dispose();
                errno = Errno.ESTALE;
                return null;
            }
            Attach(next, opened);
        }
        return node.Path;
    }

    /// <summary>An entry of a directory, whatever it is, without following or opening it.</summary>
    public static FileDescriptor? OpenEntry(FileDescriptor directory, ReadOnlySpan<byte> name, out Errno errno) => Libc.TryOpenAt2(
        directory, name, Libc.O_PATH | Libc.O_NOFOLLOW, Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_SYMLINKS | Libc.RESOLVE_NO_MAGICLINKS, 0, out errno);

    /// <summary>The guest has forgotten a file so many times.</summary>
    public void Forget(ulong id, ulong times)
    {
        if (Find(id) is not { } node) return;
        node.Lookups -= Math.Min(times, node.Lookups);
        if (node.Lookups > 0) return;
        _byId.Remove(id);
        // The number may have passed to another file meanwhile.
        if (_byIdentity.TryGetValue(node.Identity, out FileNode? known) && known == node) _byIdentity.Remove(node.Identity);
        node.Path?.Dispose();
        node.Path = null;
        node.IsPinned = false;
    }

    /// <summary>Between requests: closes descriptors when there are too many.</summary>
    public void Trim()
    {
        if (_open.Count <= mostDescriptors) return;
        _open.RemoveAll(static node => node.Path is null);
        // Two rounds: the first takes the mark of use from all that have it.
        for (int left = 2 * _open.Count; left > 0 && _open.Count > mostDescriptors - mostDescriptors / 8; left--)
        {
            if (_hand >= _open.Count) _hand = 0;
            FileNode node = _open[_hand];
            if (node.IsPinned || node.Name.Length == 0 || node.IsRecent)
            {
                node.IsRecent = false;
                _hand++;
                continue;
            }
            node.Path?.Dispose();
            node.Path = null;
            _open[_hand] = _open[^1];
            _open.RemoveAt(_open.Count - 1);
        }
    }

    public void Clear()
    {
        foreach (FileNode node in _byId.Values)
        {
            node.Path?.Dispose();
            node.Path = null;
        }
        _byId.Clear();
        _byIdentity.Clear();
        _open.Clear();
        _hand = 0;
    }

    public void Dispose() => Clear();
}
