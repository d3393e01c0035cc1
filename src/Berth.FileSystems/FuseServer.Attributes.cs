using System.Text;
using Berth.Linux;

namespace Berth.FileSystems;

// Attributes, extended attributes, links and the file system's own numbers.
public sealed partial class FuseServer
{
    // [FUSE] FATTR_*
    private const uint SetMode = 1, SetUid = 2, SetGid = 4, SetSize = 8, SetAccess = 16, SetModification = 32, ByHandle = 64, AccessNow = 128, ModificationNow = 256, KillPrivileges = 2048;

    private const int LongestValue = 65_536, LongestList = 65_536;
    private static readonly byte[] s_capability = "security.capability"u8.ToArray();

    private Errno GetAttributes(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        uint flags = message.UInt32();
        message.Skip(4);
        ulong handle = message.UInt64();
        if (message.IsBad) return Errno.EINVAL;
        Libc.statx status;
        if (header.Node == NodeTable.Root)
        {
            status = RootStatus();
        }
        else
        {
            FileDescriptor? file = (flags & 1) != 0 && _handles.TryGet(handle, out OpenFile? open) && open.Node?.Id == header.Node ? open.Descriptor : null;
            Errno errno = Errno.None;
            if (file is null) errno = Find(header.Node, out _, out file);
            if (errno == Errno.None) errno = Libc.TryStatAt(file, "\0"u8, out status);
            else return errno;
            if (errno != Errno.None) return errno;
        }
        WriteAttributes(status, header.Node, ref reply);
        return Errno.None;
    }

    // struct fuse_attr_out
    private void WriteAttributes(in Libc.statx status, ulong node, ref MessageWriter reply)
    {
        reply.UInt64(Validity);
        reply.UInt64(0);
        reply.Attributes(status, node == NodeTable.Root ? NodeTable.Root : NumberOf(status));
    }

    private Libc.statx RootStatus() => new() { stx_mode = (ushort)(Libc.S_IFDIR | 0x16D /* 0555 */), stx_nlink = 2 + (uint)_folders.Count, stx_blksize = 4096 };

    private Errno SetAttributes(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        uint valid = message.UInt32();
        message.Skip(4);
        ulong handle = message.UInt64(), size = message.UInt64();
        message.Skip(8);
        Libc.timespec access = new() { tv_sec = (long)message.UInt64() }, modification = new() { tv_sec = (long)message.UInt64() };
        message.Skip(8);
        (access.tv_nsec, modification.tv_nsec) = (message.UInt32(), message.UInt32());
        message.Skip(4);
        uint mode = message.UInt32();
        message.Skip(4);
        uint uid = message.UInt32(), gid = message.UInt32();
        message.Skip(4);
        if (message.IsBad || size > long.MaxValue) return Errno.EINVAL;
        if (header.Node == NodeTable.Root) return Errno.EROFS;
        Errno errno = Find(header.Node, out FileNode node, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        if (IsReadOnly(node)) return Errno.EROFS;
        OpenFile? open = (valid & ByHandle) != 0 && _handles.TryGet(handle, out OpenFile? found) && found.Node == node ? found : null;
        if ((valid & KillPrivileges) != 0) errno = DropPrivileges(node, path);
        // The mode last of what a change of the owner takes away from it.
        if (errno == Errno.None && (valid & (SetUid | SetGid)) != 0)
            errno = Libc.TryChangeOwner(path, (valid & SetUid) != 0 ? uid : uint.MaxValue, (valid & SetGid) != 0 ? gid : uint.MaxValue);
        if (errno == Errno.None && (valid & SetMode) != 0)
            errno = node.Type == Libc.S_IFLNK ? Errno.ENOTSUP : Libc.TryChangeModeAt(null, path.ProcPath, mode & 0xFFF);
        if (errno == Errno.None && (valid & SetSize) != 0)
            errno = node.Type != Libc.S_IFREG ? Errno.EINVAL : open?.Descriptor is { } file ? Libc.TryTruncate(file, (long)size) : Libc.TryTruncate(path.ProcPath, (long)size);
        if (errno == Errno.None && (valid & (SetAccess | SetModification)) != 0)
            errno = Libc.TrySetTimes(path, Time(valid, SetAccess, AccessNow, access), Time(valid, SetModification, ModificationNow, modification));
        if (errno == Errno.None) errno = Libc.TryStatAt(path, "\0"u8, out Libc.statx status) is var failed and not Errno.None ? failed : Written(status, header.Node, ref reply);
        return errno;
    }

    private Errno Written(in Libc.statx status, ulong node, ref MessageWriter reply)
    {
        WriteAttributes(status, node, ref reply);
        return Errno.None;
    }

    private static Libc.timespec Time(uint valid, uint set, uint now, Libc.timespec time) =>
        (valid & set) == 0 ? new() { tv_nsec = Libc.UTIME_OMIT } : (valid & now) != 0 ? new() { tv_nsec = Libc.UTIME_NOW } : time;

    // This process may keep these bits when it changes a file; the guest's caller may not. Before the change: nobody runs what is half written.
    private static Errno DropPrivileges(FileNode node, FileDescriptor path)
    {
        if (node.Type != Libc.S_IFREG) return Errno.None;
        Errno errno = Libc.TryStatAt(path, "\0"u8, out Libc.statx status);
        if (errno != Errno.None) return errno;
        const uint GroupExecute = 8;
        uint dropped = Libc.S_ISUID | ((status.stx_mode & GroupExecute) != 0 ? Libc.S_ISGID : 0);
        if ((status.stx_mode & dropped) != 0) errno = Libc.TryChangeModeAt(null, path.ProcPath, status.Permissions & ~dropped);
        if (errno != Errno.None) return errno;
        errno = Libc.TryRemoveXattr(path, "security.capability");
        return errno is Errno.ENODATA or Errno.ENOTSUP ? Errno.None : errno;
    }

    private Errno ReadLink(in FuseHeader header, ref MessageWriter reply)
    {
        Errno errno = Find(header.Node, out FileNode node, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        if (node.Type != Libc.S_IFLNK) return Errno.EINVAL;
        Span<byte> room = reply.Rest[..Math.Min(4096, reply.Rest.Length)];
        int length = Libc.TryReadLink(path, room);
        if (length < 0) return (Errno)(-length);
        reply.Advance(length);
        return Errno.None;
    }

    // struct fuse_kstatfs
    private Errno StatFileSystem(in FuseHeader header, ref MessageWriter reply)
    {
        Libc.statfs status = default;
        if (header.Node != NodeTable.Root)
        {
            Errno errno = Find(header.Node, out _, out FileDescriptor path);
            if (errno != Errno.None) return errno;
            status = Libc.StatFileSystem(path);
        }
        reply.UInt64(status.f_blocks);
        reply.UInt64(status.f_bfree);
        reply.UInt64(status.f_bavail);
        reply.UInt64(status.f_files);
        reply.UInt64(status.f_ffree);
        reply.UInt32((uint)Math.Max(status.f_bsize, 512));
        reply.UInt32(255);
        reply.UInt32((uint)Math.Max(status.f_frsize, 512));
        reply.Zero(28);
        return Errno.None;
    }

    // As a container's root: its own attributes and file capabilities, not what the host's kernel or its administrators keep there.
    private static bool IsAllowed(ReadOnlySpan<byte> name) => name.StartsWith("user."u8) || name.SequenceEqual(s_capability);

    private Errno FindForXattr(in FuseHeader header, ReadOnlySpan<byte> name, bool write, out FileDescriptor path)
    {
        path = null!;
        if (header.Node == NodeTable.Root) return write ? Errno.EROFS : Errno.ENODATA;
        Errno errno = Find(header.Node, out FileNode node, out path);
        return errno != Errno.None ? errno
            : write && IsReadOnly(node) ? Errno.EROFS
            : name.Length > 256 ? Errno.ERANGE
            : !IsAllowed(name[..^1]) || node.Type is not (Libc.S_IFREG or Libc.S_IFDIR) ? Errno.ENOTSUP : Errno.None;
    }

    private Errno SetXattr(in FuseHeader header, ref MessageReader message)
    {
        uint size = message.UInt32(), flags = message.UInt32();
        ReadOnlySpan<byte> name = message.Text();
        if (message.IsBad || size != message.Rest.Length || size > LongestValue || flags > Libc.XATTR_REPLACE) return Errno.EINVAL;
        Errno errno = FindForXattr(header, name, write: true, out FileDescriptor path);
        return errno != Errno.None ? errno : Libc.TrySetXattr(path, Encoding.UTF8.GetString(name[..^1]), message.Rest, (int)flags);
    }

    private Errno GetXattr(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        uint size = message.UInt32();
        message.Skip(4);
        ReadOnlySpan<byte> name = message.Text();
        if (message.IsBad) return Errno.EINVAL;
        Errno errno = FindForXattr(header, name, write: false, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        string text = Encoding.UTF8.GetString(name[..^1]);
        return Answer(size, Libc.TryGetXattr(path, text, size == 0 ? [] : Room(size, reply)), ref reply);
    }

    private Errno ListXattr(in FuseHeader header, ref MessageReader message, ref MessageWriter reply)
    {
        uint size = message.UInt32();
        message.Skip(4);
        if (message.IsBad) return Errno.EINVAL;
        if (header.Node == NodeTable.Root) return Answer(size, 0, ref reply);
        Errno errno = Find(header.Node, out FileNode node, out FileDescriptor path);
        if (errno != Errno.None) return errno;
        if (node.Type is not (Libc.S_IFREG or Libc.S_IFDIR)) return Answer(size, 0, ref reply);
        byte[] all = System.Buffers.ArrayPool<byte>.Shared.Rent(LongestList);
        try
        {
            int length = Libc.TryListXattr(path, all.AsSpan(0, LongestList));
            if (length < 0) return (Errno)(-length);
            int kept = 0;
            for (int at = 0; at < length;)
            {
                int end = at + all.AsSpan(at, length - at).IndexOf((byte)0);
                if (end < at) break;
                if (IsAllowed(all.AsSpan(at, end - at)))
                {
                    all.AsSpan(at, end + 1 - at).CopyTo(all.AsSpan(kept));
                    kept += end + 1 - at;
                }
                at = end + 1;
            }
            if (size == 0) return Answer(0, kept, ref reply);
            if (kept > size) return Errno.ERANGE;
            reply.Bytes(all.AsSpan(0, kept));
            return Errno.None;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(all);
        }
    }

    private static Span<byte> Room(uint size, in MessageWriter reply) => reply.Rest[..(int)Math.Min(size, (uint)Math.Min(LongestValue, reply.Rest.Length))];

    // The length alone when the guest has no room, struct fuse_getxattr_out, else what was put there.
    private static Errno Answer(uint size, int length, ref MessageWriter reply)
    {
        if (length < 0) return (Errno)(-length);
        if (size == 0)
        {
            reply.UInt32((uint)length);
            reply.Zero(4);
        }
        else
        {
            reply.Advance(length);
        }
        return Errno.None;
    }

    private Errno RemoveXattr(in FuseHeader header, ref MessageReader message)
    {
        ReadOnlySpan<byte> name = message.Text();
        if (message.IsBad) return Errno.EINVAL;
        Errno errno = FindForXattr(header, name, write: true, out FileDescriptor path);
        return errno != Errno.None ? errno : Libc.TryRemoveXattr(path, Encoding.UTF8.GetString(name[..^1]));
    }
}
