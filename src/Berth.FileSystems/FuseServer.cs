using Berth.Linux;
using Berth.Machine.Storage;

namespace Berth.FileSystems;

/// <summary>
/// Serves folders and files of the host to a guest that may be hostile. Its file system's root is made up: it holds the shared folders by name and
/// nothing else. A request names a file by number and an entry of a directory by one name, so nothing is ever looked up by a path of the guest's;
/// links are given to the guest, which follows them in its own tree; what is no regular file or directory is never opened. Spec: [FUSE].
/// </summary>
public sealed partial class FuseServer : IFileSystemBackend
{
    /// <summary>Most bytes of one read or write.</summary>
    private const int LongestTransfer = 1 << 20;

    private readonly FuseLimits _limits;
    private readonly IReadOnlyList<SharedFolder> _folders;
    private readonly NodeTable _nodes;
    private readonly HandleTable _handles;
    private readonly List<ulong> _devices = [];
    private bool _started;

    /// <summary>A server of these; their descriptors become its own.</summary>
    public FuseServer(IReadOnlyList<SharedFolder> folders, FuseLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        (_folders, _limits) = (folders, limits);
        _nodes = new NodeTable(limits.Nodes, limits.Descriptors);
        _handles = new HandleTable(limits.Handles);
    }

    /// <inheritdoc/>
    public int LongestRequest => LongestTransfer + 4096;

    /// <inheritdoc/>
    public int LongestReply => LongestTransfer + 4096;

    /// <summary>Files the guest knows, descriptors kept for them, and what it has open.</summary>
    internal (int Nodes, int Descriptors, int Handles) Held => (_nodes.Count, _nodes.Descriptors, _handles.Count);

    /// <inheritdoc/>
    public int Serve(ReadOnlySpan<byte> request, Span<byte> reply)
    {
        if (request.Length < FuseHeader.Size) return 0;
        FuseHeader header = FuseHeader.Read(request);
        if (header.Opcode is FuseOpcode.Forget or FuseOpcode.BatchForget)
        {
            Forget(header, new MessageReader(request[FuseHeader.Size..]));
            return 0;
        }
        if (header.Opcode == FuseOpcode.Interrupt || reply.Length < FuseHeader.ReplySize) return 0;
        Errno errno = Errno.EINVAL;
        var writer = new MessageWriter(reply);
        if (header.Length == request.Length)
        {
            try
            {
                errno = Dispatch(header, new MessageReader(request[FuseHeader.Size..]), ref writer);
                if (errno == Errno.None && writer.IsFull) errno = Errno.EINVAL;
            }
            catch (LinuxException e)
            {
                errno = e.Errno;
            }
            _nodes.Trim();
        }
        return MessageWriter.Header(reply, header.Unique, errno, writer.Length);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _started = false;
        _handles.Clear();
        _nodes.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Reset();
        foreach (SharedFolder folder in _folders) folder.Root.Dispose();
    }

    private Errno Dispatch(in FuseHeader header, MessageReader message, ref MessageWriter reply)
    {
        if (!_started && header.Opcode != FuseOpcode.Init) return Errno.EPERM;
        return header.Opcode switch
        {
            FuseOpcode.Init => Initialize(ref message, ref reply),
            FuseOpcode.Destroy => Destroy(),
            FuseOpcode.Lookup => Lookup(header, ref message, ref reply),
            FuseOpcode.GetAttributes => GetAttributes(header, ref message, ref reply),
            FuseOpcode.SetAttributes => SetAttributes(header, ref message, ref reply),
            FuseOpcode.StatFileSystem => StatFileSystem(header, ref reply),
            FuseOpcode.ReadLink => ReadLink(header, ref reply),
            FuseOpcode.SymbolicLink => MakeSymbolicLink(header, ref message, ref reply),
            FuseOpcode.MakeNode => MakeNode(header, ref message, ref reply),
            FuseOpcode.MakeDirectory => MakeDirectory(header, ref message, ref reply),
            FuseOpcode.Link => Link(header, ref message, ref reply),
            FuseOpcode.Unlink => Remove(header, ref message, 0),
            FuseOpcode.RemoveDirectory => Remove(header, ref message, Libc.AT_REMOVEDIR),
            FuseOpcode.Rename => Rename(header, ref message, hasFlags: false),
            FuseOpcode.Rename2 => Rename(header, ref message, hasFlags: true),
            FuseOpcode.Create => Create(header, ref message, ref reply),
            FuseOpcode.TemporaryFile => MakeTemporaryFile(header, ref message, ref reply),
            FuseOpcode.Open => Open(header, ref message, ref reply),
            FuseOpcode.Read => Read(ref message, ref reply),
            FuseOpcode.Write => Write(ref message, ref reply),
            FuseOpcode.Flush => Errno.None,
            FuseOpcode.Release or FuseOpcode.ReleaseDirectory => Release(ref message),
            FuseOpcode.Sync or FuseOpcode.SyncDirectory => Sync(ref message),
            FuseOpcode.Allocate => Allocate(ref message),
            FuseOpcode.Seek => Seek(ref message, ref reply),
            FuseOpcode.CopyRange => CopyRange(ref message, ref reply),
            FuseOpcode.SyncFileSystem => SyncFileSystems(),
            FuseOpcode.OpenDirectory => OpenDirectory(header, ref reply),
            FuseOpcode.ReadDirectory => ReadDirectory(ref message, ref reply, plus: false),
            FuseOpcode.ReadDirectoryPlus => ReadDirectory(ref message, ref reply, plus: true),
            FuseOpcode.SetXattr => SetXattr(header, ref message),
            FuseOpcode.GetXattr => GetXattr(header, ref message, ref reply),
            FuseOpcode.ListXattr => ListXattr(header, ref message, ref reply),
            FuseOpcode.RemoveXattr => RemoveXattr(header, ref message),
            _ => Errno.ENOSYS,
        };
    }

    private Errno Initialize(ref MessageReader message, ref MessageWriter reply)
    {
        const uint Major = 7, Minor = 38, OldestMinor = 31;
        // [FUSE] flags of struct fuse_init_in
        const uint AsyncRead = 1 << 0, AtomicTruncate = 1 << 3, BigWrites = 1 << 5, AutoInvalidate = 1 << 12, ReadDirectoryPlus = 1 << 13, ReadDirectoryPlusAuto = 1 << 14,
            AsyncDirectIo = 1 << 15, ParallelDirectories = 1 << 18, MaxPages = 1 << 22, CacheLinks = 1 << 23, HandleKillPrivileges2 = 1 << 28;
        const uint Known = AsyncRead | AtomicTruncate | BigWrites | AutoInvalidate | ReadDirectoryPlus | ReadDirectoryPlusAuto | AsyncDirectIo | ParallelDirectories | MaxPages | CacheLinks | HandleKillPrivileges2;
        uint major = message.UInt32(), minor = message.UInt32(), readAhead = message.UInt32(), flags = message.UInt32();
        if (message.IsBad) return Errno.EINVAL;
        if (major < Major || (major == Major && minor < OldestMinor)) return Errno.EPROTO;
        reply.UInt32(Major);
        reply.UInt32(Minor);
        if (major > Major)
        {
            // The guest asks once more, in words of this version.
            reply.Zero(56);
            return Errno.None;
        }
        Reset();
        _started = true;
        reply.UInt32(Math.Min(readAhead, LongestTransfer));
        reply.UInt32(flags & Known);
        reply.UInt16(64);
        reply.UInt16(48);
        reply.UInt32(LongestTransfer);
        reply.UInt32(1);
        reply.UInt16(LongestTransfer / 4096);
        reply.Zero(34);
        return Errno.None;
    }

    private Errno Destroy()
    {
        Reset();
        return Errno.None;
    }

    private void Forget(in FuseHeader header, MessageReader message)
    {
        if (header.Opcode == FuseOpcode.Forget)
        {
            ulong times = message.UInt64();
            if (!message.IsBad) _nodes.Forget(header.Node, times);
            return;
        }
        uint count = message.UInt32();
        message.Skip(4);
        for (; count > 0; count--)
        {
            ulong node = message.UInt64(), times = message.UInt64();
            if (message.IsBad) return;
            _nodes.Forget(node, times);
        }
    }

    // The node of a request that is about a file of a shared folder.
    private Errno Find(ulong id, out FileNode node)
    {
        node = _nodes.Find(id)!;
        return node is not null ? Errno.None : id == NodeTable.Root ? Errno.EPERM : Errno.ESTALE;
    }

    // The same with a descriptor of the file.
    private Errno Find(ulong id, out FileNode node, out FileDescriptor path)
    {
        path = null!;
        Errno errno = Find(id, out node);
        if (errno == Errno.None) path = _nodes.Open(node, out errno)!;
        return errno;
    }

    // A directory in which an entry is to be changed.
    private Errno FindWritable(ulong id, out FileNode node, out FileDescriptor path)
    {
        Errno errno = Find(id, out node, out path);
        return errno != Errno.None ? id == NodeTable.Root ? Errno.EROFS : errno
            : IsReadOnly(node) ? Errno.EROFS
            : !node.IsDirectory ? Errno.ENOTDIR : Errno.None;
    }

    private bool IsReadOnly(FileNode node) => _folders[node.Identity.Folder].IsReadOnly;

    /// <summary>Has what is made belong to the guest's caller.</summary>
    private static Errno AsCaller<T>(in FuseHeader header, T argument, Func<T, Errno> act) where T : allows ref struct
    {
        if ((header.Uid | header.Gid) == 0) return act(argument);
        ulong rights = Libc.OwnAs(header.Uid, header.Gid);
        try
        {
            return act(argument);
        }
        finally
        {
            Libc.OwnAsItself(rights);
        }
    }

    // Devices below a folder have numbers of their own: files of two must not look like one.
    private ulong NumberOf(in Libc.statx status)
    {
        const int Most = 0xFFFF;
        int index = _devices.IndexOf(status.Device);
        if (index < 0 && _devices.Count < Most)
        {
            index = _devices.Count;
            _devices.Add(status.Device);
        }
        return status.stx_ino ^ (ulong)(index & Most) << 48;
    }
}
