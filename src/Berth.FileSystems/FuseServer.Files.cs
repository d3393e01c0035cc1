using Berth.Linux;

namespace Berth.FileSystems;

// Open files.
public sealed partial class FuseServer
{
    // [FUSE] FUSE_OPEN_KILL_SUIDGID, FUSE_WRITE_KILL_SUIDGID, FOPEN_NOFLUSH, FUSE_FSYNC_FDATASYNC
    private const uint OpenKillsPrivileges = 1, WriteKillsPrivileges = 4, NoFlush = 32, DataOnly = 1;

    // Everything else is the guest's own affair: it has resolved the name, and it caches.
    private const int AllowedFlags = Libc.O_ACCMODE | Libc.O_TRUNC | Libc.O_APPEND | Libc.O_SYNC;

    private Errno Open(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        uint flags = message.UInt32(), openFlags = message.UInt32();
        if (message.IsBad) return Errno.EINVAL;
        if (header.Node == NodeTable.Root) return Errno.EISDIR;
        Errno errno = Find(header.Node, out FileNode node, out FileDescriptor path);
        return errno != Errno.None ? errno : Open(node, path, (int)flags, openFlags, ref reply);
    }

    private Errno Open(FileNode node, FileDescriptor path, int flags, uint openFlags, ref MessageWriter reply)
    {
        // Devices and FIFOs are the guest kernel's: it never asks for them.
        if (node.Type != Libc.S_IFREG) return node.IsDirectory ? Errno.EISDIR : Errno.EPERM;
        if (_handles.IsFull) return Errno.ENFILE;
        bool writes = (flags & (Libc.O_ACCMODE | Libc.O_TRUNC)) != Libc.O_RDONLY;
        if (writes && IsReadOnly(node)) return Errno.EROFS;
        if ((openFlags & OpenKillsPrivileges) != 0 && writes && DropPrivileges(node, path) is var failed and not Errno.None) return failed;
        FileDescriptor? file = Libc.TryOpenAt(null, path.ProcPath, (flags & AllowedFlags) | Libc.O_NOCTTY | Libc.O_NONBLOCK, 0, out Errno errno);
        if (file is null) return errno;
        WriteOpen(_handles.Add(new OpenFile(node, file)), ref reply);
        return Errno.None;
    }

    // struct fuse_open_out
    private static void WriteOpen(ulong handle, ref MessageWriter reply)
    {
        reply.UInt64(handle);
        reply.UInt32(NoFlush);
        reply.Zero(4);
    }

    private Errno Create(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        int flags = (int)message.UInt32();
        uint mode = message.UInt32();
        message.Skip(4);
        uint openFlags = message.UInt32();
        ReadOnlySpan<byte> name = message.Name();
        if (message.IsBad) return Errno.EINVAL;
        Errno errno = FindWritable(header.Node, out FileNode directory, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        if (_handles.IsFull) return Errno.ENFILE;
        // Without O_EXCL the host would open whatever stands there by now, a FIFO perhaps.
        FileDescriptor? file = null;
        errno = AsCaller(header, new NewFile(ref file) { Directory = path, Name = name, Mode = mode, Flags = flags }, static e => e.Create());
        if (errno == Errno.EEXIST && (flags & Libc.O_EXCL) == 0) return OpenExisting(directory, path, name, flags, openFlags, ref reply);
        if (errno != Errno.None) return errno;
        errno = Told(directory, path, name, ref reply);
        if (errno != Errno.None || _nodes.Find(Identity(directory, file!)) is not { } node)
        {
            file!.Dispose();
            return errno == Errno.None ? Errno.ESTALE : errno;
        }
        WriteOpen(_handles.Add(new OpenFile(node, file)), ref reply);
        return Errno.None;
    }

    private readonly ref struct NewFile(ref FileDescriptor? result)
    {
        private readonly ref FileDescriptor? _result = ref result;

        public required FileDescriptor Directory { get; init; }

        public required ReadOnlySpan<byte> Name { get; init; }

        public uint Mode { get; init; }

        public int Flags { get; init; }

        public Errno Create()
        {
            int flags = (Flags & AllowedFlags) | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW;
            _result = Libc.TryOpenAt2(Directory, Name, flags, Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_SYMLINKS | Libc.RESOLVE_NO_MAGICLINKS, Mode & 0xFFF, out Errno errno);
            return errno;
        }

        public Errno CreateTemporary()
        {
            _result = Libc.TryOpenAt2(Directory, ".\0"u8, (Flags & (Libc.O_ACCMODE | Libc.O_EXCL)) | Libc.O_TMPFILE, Libc.RESOLVE_BENEATH, Mode & 0xFFF, out Errno errno);
            return errno;
        }
    }

    private Errno OpenExisting(FileNode directory, FileDescriptor path, ReadOnlySpan<byte> name, int flags, uint openFlags, ref MessageWriter reply)
    {
        Errno errno = Told(directory, path, name, ref reply);
        if (errno != Errno.None) return errno;
        int told = reply.Length;
        FileNode? node = Libc.TryStatAt(path, name, out Libc.statx status) == Errno.None ? _nodes.Find(FileIdentity.Of(directory.Identity.Folder, status)) : null;
        FileDescriptor? file = node is null ? null : _nodes.Open(node, out _);
        errno = file is null ? Errno.ESTALE : Open(node!, file, flags, openFlags, ref reply);
        if (errno == Errno.None && reply.Length > told) return Errno.None;
        if (node is not null) _nodes.Forget(node.Id, 1);
        return errno;
    }

    private static FileIdentity Identity(FileNode directory, FileDescriptor file) =>
        Libc.TryStatAt(file, "\0"u8, out Libc.statx status) == Errno.None ? FileIdentity.Of(directory.Identity.Folder, status) : default;

    private Errno MakeTemporaryFile(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        int flags = (int)message.UInt32();
        uint mode = message.UInt32();
        if (message.IsBad) return Errno.EINVAL;
        Errno errno = FindWritable(header.Node, out FileNode directory, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        if (_handles.IsFull) return Errno.ENFILE;
        FileDescriptor? file = null;
        errno = AsCaller(header, new NewFile(ref file) { Directory = path, Name = default, Mode = mode, Flags = flags }, static e => e.CreateTemporary());
        if (errno != Errno.None) return errno;
        if (Libc.TryStatAt(file!, "\0"u8, out Libc.statx status) != Errno.None
            || Libc.TryOpenAt(null, file!.ProcPath, Libc.O_PATH, 0, out _) is not { } own
            || _nodes.Enter(FileIdentity.Of(directory.Identity.Folder, status), status.FileType, directory.Id, default) is not { } node)
        {
            file!.Dispose();
            return Errno.ENFILE;
        }
        _nodes.Attach(node, own);
        _nodes.Pin(node);
        errno = WriteEntry(node, status, ref reply);
        if (errno == Errno.None) WriteOpen(_handles.Add(new OpenFile(node, file)), ref reply);
        else file.Dispose();
        return errno;
    }

    private Errno Handle(ulong number, out FileDescriptor file, out FileNode node)
    {
        (file, node) = (null!, null!);
        if (!_handles.TryGet(number, out OpenFile? open) || open.IsDirectory) return Errno.EBADF;
        (file, node) = (open.Descriptor!, open.Node!);
        return Errno.None;
    }

    private Errno Read(ref MessageReader message, ref MessageWriter reply)
    {
        ulong handle = message.UInt64(), offset = message.UInt64();
        uint size = message.UInt32();
        if (message.IsBad || offset > long.MaxValue || size > LongestTransfer) return Errno.EINVAL;
        Errno errno = Handle(handle, out FileDescriptor file, out _);
        if (errno != Errno.None) return errno;
        int count = Libc.TryReadAt(file, reply.Rest[..(int)Math.Min(size, (uint)reply.Rest.Length)], (long)offset);
        if (count < 0) return (Errno)(-count);
        reply.Advance(count);
        return Errno.None;
    }

    private Errno Write(ref MessageReader message, ref MessageWriter reply)
    {
        ulong handle = message.UInt64(), offset = message.UInt64();
        uint size = message.UInt32(), flags = message.UInt32();
        message.Skip(16);
        if (message.IsBad || offset > long.MaxValue || size != message.Rest.Length || size > LongestTransfer) return Errno.EINVAL;
        Errno errno = Handle(handle, out FileDescriptor file, out FileNode node);
        if (errno != Errno.None) return errno;
        if ((flags & WriteKillsPrivileges) != 0)
        {
            FileDescriptor? path = _nodes.Open(node, out _);
            errno = DropPrivileges(node, path ?? file);
            if (errno != Errno.None) return errno;
        }
        int count = Libc.TryWriteAt(file, message.Rest, (long)offset);
        return Counted(count, ref reply);
    }

    // struct fuse_write_out
    private static Errno Counted(int count, ref MessageWriter reply)
    {
        if (count < 0) return (Errno)(-count);
        reply.UInt32((uint)count);
        reply.Zero(4);
        return Errno.None;
    }

    private Errno Release(ref MessageReader message)
    {
        ulong handle = message.UInt64();
        if (message.IsBad) return Errno.EINVAL;
        _handles.Close(handle);
        return Errno.None;
    }

    private Errno Sync(ref MessageReader message)
    {
        ulong handle = message.UInt64();
        uint flags = message.UInt32();
        if (message.IsBad) return Errno.EINVAL;
        if (!_handles.TryGet(handle, out OpenFile? open)) return Errno.EBADF;
        return open.Descriptor is { } file ? Libc.TrySync(file, (flags & DataOnly) != 0) : Errno.None;
    }

    private Errno Allocate(ref MessageReader message)
    {
        ulong handle = message.UInt64(), offset = message.UInt64(), length = message.UInt64();
        uint mode = message.UInt32();
        if (message.IsBad || offset > long.MaxValue || length > long.MaxValue) return Errno.EINVAL;
        Errno errno = Handle(handle, out FileDescriptor file, out _);
        return errno != Errno.None ? errno : Libc.TryAllocate(file, (int)mode, (long)offset, (long)length);
    }

    private Errno Seek(ref MessageReader message, ref MessageWriter reply)
    {
        ulong handle = message.UInt64(), offset = message.UInt64();
        uint whence = message.UInt32();
        // The guest knows its own position; only data and holes are the host's to tell.
        if (message.IsBad || offset > long.MaxValue || whence is not ((uint)Libc.SEEK_DATA or (uint)Libc.SEEK_HOLE)) return Errno.EINVAL;
        Errno errno = Handle(handle, out FileDescriptor file, out _);
        if (errno != Errno.None) return errno;
        long position = Libc.TrySeek(file, (long)offset, (int)whence);
        if (position < 0) return (Errno)(-position);
        reply.UInt64((ulong)position);
        return Errno.None;
    }

    private Errno CopyRange(ref MessageReader message, ref MessageWriter reply)
    {
        // The guest waits for one request at a time.
        const int LongestCopy = 16 << 20;
        ulong from = message.UInt64(), fromOffset = message.UInt64();
        message.Skip(8);
        ulong to = message.UInt64(), toOffset = message.UInt64(), length = message.UInt64(), flags = message.UInt64();
        if (message.IsBad || fromOffset > long.MaxValue || toOffset > long.MaxValue || flags != 0) return Errno.EINVAL;
        Errno errno = Handle(from, out FileDescriptor source, out _);
        if (errno != Errno.None) return errno;
        errno = Handle(to, out FileDescriptor target, out _);
        return errno != Errno.None ? errno : Counted(Libc.TryCopyRange(source, (long)fromOffset, target, (long)toOffset, (int)Math.Min(length, LongestCopy)), ref reply);
    }

    private Errno SyncFileSystems()
    {
        Errno result = Errno.None;
        foreach (SharedFolder folder in _folders.Where(static folder => !folder.IsReadOnly))
        {
            if (Libc.TryStatAt(folder.Root, "\0"u8, out Libc.statx status) != Errno.None || (!status.IsDirectory && !status.IsRegularFile)) continue;
            using FileDescriptor? open = Libc.TryOpenAt(null, folder.Root.ProcPath, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_NOCTTY, 0, out Errno errno);
            if (open is not null) errno = Libc.TrySyncFileSystem(open);
            if (errno != Errno.None) result = errno;
        }
        return result;
    }
}
