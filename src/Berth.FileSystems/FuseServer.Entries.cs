using Berth.Linux;

namespace Berth.FileSystems;

// Entries of directories: looking them up, making, moving and removing them.
public sealed partial class FuseServer
{
    // How long the guest may go on without asking again, in seconds. What is not there is not remembered.
    private const ulong Validity = 1;

    private readonly ref struct NewEntry
    {
        public required FileDescriptor Directory { get; init; }

        public required ReadOnlySpan<byte> Name { get; init; }

        public uint Mode { get; init; }

        public uint Device { get; init; }

        public int Flags { get; init; }

        public ReadOnlySpan<byte> Target { get; init; }
    }

    private Errno Lookup(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        ReadOnlySpan<byte> name = message.Name();
        if (message.IsBad) return Errno.EINVAL;
        if (MessageReader.IsTooLong(name)) return Errno.ENAMETOOLONG;
        return header.Node == NodeTable.Root ? LookupFolder(name[..^1], ref reply) : LookupEntry(header.Node, name, ref reply);
    }

    private Errno LookupFolder(ReadOnlySpan<byte> name, ref MessageWriter reply)
    {
        for (int i = 0; i < _folders.Count; i++)
        {
            if (!name.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(_folders[i].Name))) continue;
            return EnterFolder(i, out FileNode? node, out Libc.statx status) is var errno and not Errno.None ? errno : WriteEntry(node!, status, ref reply);
        }
        return Errno.ENOENT;
    }

    private Errno EnterFolder(int index, out FileNode? node, out Libc.statx status)
    {
        node = null;
        FileDescriptor root = _folders[index].Root;
        Errno errno = Libc.TryStatAt(root, "\0"u8, out status);
        if (errno != Errno.None) return errno;
        node = _nodes.Enter(FileIdentity.Of(index, status), status.FileType, NodeTable.Root, default);
        if (node is null) return Errno.ENFILE;
        // Closing a copy leaves the folder's own open.
        if (node.Path is null) _nodes.Attach(node, Libc.Duplicate(root));
        node.IsPinned = true;
        return Errno.None;
    }

    private Errno LookupEntry(ulong parent, ReadOnlySpan<byte> name, ref MessageWriter reply)
    {
        Errno errno = Find(parent, out FileNode directory, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        if (!directory.IsDirectory) return Errno.ENOTDIR;
        return Told(directory, path, name, ref reply);
    }

    // Tells the guest of an entry that should be there.
    private Errno Told(FileNode directory, FileDescriptor path, ReadOnlySpan<byte> name, ref MessageWriter reply)
    {
        Errno errno = Enter(directory, path, name, out FileNode? node, out Libc.statx status);
        if (errno != Errno.None) return errno;
        // The guest may live in a directory that is moved by others.
        if (node!.IsDirectory) _nodes.Open(node, out _);
        return WriteEntry(node, status, ref reply);
    }

    private Errno Enter(FileNode directory, FileDescriptor path, ReadOnlySpan<byte> name, out FileNode? node, out Libc.statx status)
    {
        node = null;
        Errno errno = Libc.TryStatAt(path, name, out status);
        if (errno != Errno.None) return errno;
        node = _nodes.Enter(FileIdentity.Of(directory.Identity.Folder, status), status.FileType, directory.Id, name);
        return node is null ? Errno.ENFILE : Errno.None;
    }

    // struct fuse_entry_out. The guest counts what it is told, so what cannot be told is not counted.
    private Errno WriteEntry(FileNode node, in Libc.statx status, ref MessageWriter reply)
    {
        reply.UInt64(node.Id);
        reply.UInt64(0);
        reply.UInt64(Validity);
        reply.UInt64(Validity);
        reply.UInt64(0);
        reply.Attributes(status, NumberOf(status));
        if (!reply.IsFull) return Errno.None;
        _nodes.Forget(node.Id, 1);
        return Errno.EINVAL;
    }

    private Errno MakeDirectory(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        uint mode = message.UInt32();
        message.Skip(4);
        return Make(header, message.Name(), mode, 0, default, message.IsBad, ref reply,
            static e => Libc.TryMakeDirectoryAt(e.Directory, e.Name, e.Mode & 0xFFF));
    }

    private Errno MakeNode(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        uint mode = message.UInt32(), device = message.UInt32();
        message.Skip(8);
        return Make(header, message.Name(), mode, device, default, message.IsBad, ref reply,
            static e => Libc.TryMakeNodeAt(e.Directory, e.Name, e.Mode, Libc.makedev((e.Device >> 8) & 0xFFF, (e.Device & 0xFF) | ((e.Device >> 12) & 0xFFF00))));
    }

    private Errno MakeSymbolicLink(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        ReadOnlySpan<byte> name = message.Name(), target = message.Text();
        return Make(header, name, 0, 0, target, message.IsBad, ref reply, static e => Libc.TrySymbolicLinkAt(e.Target, e.Directory, e.Name));
    }

    private Errno Make(
        in FuseHeader header, ReadOnlySpan<byte> name, uint mode, uint device, ReadOnlySpan<byte> target, bool bad, ref MessageWriter reply, Func<NewEntry, Errno> make)
    {
        if (bad) return Errno.EINVAL;
        Errno errno = FindWritable(header.Node, out FileNode directory, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        errno = AsCaller(header, new NewEntry { Directory = path, Name = name, Mode = mode, Device = device, Target = target }, make);
        return errno != Errno.None ? errno : Told(directory, path, name, ref reply);
    }

    private Errno Link(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        ulong old = message.UInt64();
        ReadOnlySpan<byte> name = message.Name();
        if (message.IsBad) return Errno.EINVAL;
        Errno errno = FindWritable(header.Node, out FileNode directory, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        errno = Find(old, out FileNode file, out FileDescriptor source);
        if (errno != Errno.None) return errno;
        if (file.Identity.Folder != directory.Identity.Folder) return Errno.EXDEV;
        errno = Libc.TryLink(source, path, name);
        return errno != Errno.None ? errno : Told(directory, path, name, ref reply);
    }

    private Errno Remove(in FuseHeader header, ref MessageReader message, int flags)
    {
        ReadOnlySpan<byte> name = message.Name();
        if (message.IsBad) return Errno.EINVAL;
        Errno errno = FindWritable(header.Node, out FileNode directory, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        FileNode? known = Hold(directory, path, name);
        errno = Libc.TryUnlinkAt(path, name, flags);
        if (errno == Errno.None && known is not null) _nodes.Pin(known);
        return errno;
    }

    private Errno Rename(in FuseHeader header, ref MessageReader message, bool hasFlags)
    {
        ulong target = message.UInt64();
        uint flags = hasFlags ? message.UInt32() : 0;
        if (hasFlags) message.Skip(4);
        ReadOnlySpan<byte> oldName = message.Name(), newName = message.Name();
        if (message.IsBad || (flags & ~(Libc.RENAME_NOREPLACE | Libc.RENAME_EXCHANGE)) != 0) return Errno.EINVAL;
        Errno errno = FindWritable(header.Node, out FileNode from, out FileDescriptor fromPath);
        if (errno != Errno.None) return errno;
        errno = FindWritable(target, out FileNode to, out FileDescriptor toPath);
        if (errno != Errno.None) return errno;
        if (from.Identity.Folder != to.Identity.Folder) return Errno.EXDEV;
        FileNode? moved = Hold(from, fromPath, oldName), replaced = Hold(to, toPath, newName);
        errno = Libc.TryRenameAt(fromPath, oldName, toPath, newName, flags);
        if (errno != Errno.None) return errno;
        if (moved is not null) NodeTable.Move(moved, to.Id, newName);
        if (replaced is null || replaced == moved) return Errno.None;
        if ((flags & Libc.RENAME_EXCHANGE) != 0) NodeTable.Move(replaced, from.Id, oldName);
        else _nodes.Pin(replaced);
        return Errno.None;
    }

    // What the guest knows of an entry that is about to lose its name, with a descriptor that will still lead to it.
    private FileNode? Hold(FileNode directory, FileDescriptor path, ReadOnlySpan<byte> name)
    {
        if (Libc.TryStatAt(path, name, out Libc.statx status) != Errno.None) return null;
        FileNode? node = _nodes.Find(FileIdentity.Of(directory.Identity.Folder, status));
        if (node is { Path: null } && NodeTable.OpenEntry(path, name, out _) is { } opened)
        {
            // Somebody else may have put another file there in this moment.
            if (Libc.TryStatAt(opened, "\0"u8, out status) == Errno.None && FileIdentity.Of(directory.Identity.Folder, status) == node.Identity) _nodes.Attach(node, opened);
            else opened.Dispose();
        }
        return node;
    }
}
