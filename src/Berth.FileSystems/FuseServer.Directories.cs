using System.Buffers.Binary;
using System.Text;
using Berth.Linux;

namespace Berth.FileSystems;

// Reading directories.
public sealed partial class FuseServer
{
    private const int EntrySize = 24, EntryPlusSize = 128 + EntrySize;
    private const ulong UnknownNumber = 0xFFFF_FFFF;

    private readonly byte[] _entries = new byte[32768];

    private Errno OpenDirectory(in FuseHeader header, ref MessageWriter reply)
    {
        if (_handles.IsFull) return Errno.ENFILE;
        OpenFile opened;
        if (header.Node == NodeTable.Root)
        {
            opened = new OpenFile(null, null);
        }
        else
        {
            Errno errno = Find(header.Node, out FileNode node, out FileDescriptor path);
            if (errno != Errno.None) return errno;
            if (!node.IsDirectory) return Errno.ENOTDIR;
            FileDescriptor? directory = Libc.TryOpenAt(null, path.ProcPath, Libc.O_RDONLY | Libc.O_DIRECTORY, 0, out errno);
            if (directory is null) return errno;
            opened = new OpenFile(node, directory);
        }
        WriteOpen(_handles.Add(opened), ref reply);
        return Errno.None;
    }

    private Errno ReadDirectory(ref MessageReader message, ref MessageWriter reply, bool plus)
    {
        ulong handle = message.UInt64(), offset = message.UInt64();
        uint size = message.UInt32();
        if (message.IsBad || offset > long.MaxValue) return Errno.EINVAL;
        if (!_handles.TryGet(handle, out OpenFile? open) || !open.IsDirectory) return Errno.ENOTDIR;
        int end = reply.Length + (int)Math.Min(size, (uint)reply.Rest.Length);
        if (open.Descriptor is null) return ReadRoot(offset, end, plus, ref reply);
        long at = Libc.TrySeek(open.Descriptor, (long)offset, Libc.SEEK_SET);
        if (at < 0) return (Errno)(-at);
        // What does not fit is read again by the next request, so not much more is read than fits.
        int room = Math.Clamp(plus ? (int)(size / 4) : (int)size, 1024, _entries.Length);
        int length = Libc.TryReadEntries(open.Descriptor, _entries.AsSpan(0, room));
        return length < 0 ? (Errno)(-length) : WriteEntries(open, _entries.AsSpan(0, length), end, plus, ref reply);
    }

    private Errno WriteEntries(OpenFile open, ReadOnlySpan<byte> records, int end, bool plus, ref MessageWriter reply)
    {
        while (!records.IsEmpty)
        {
            // struct linux_dirent64: u64 ino, s64 off, u16 reclen, u8 type, name
            ReadOnlySpan<byte> record = records[..BinaryPrimitives.ReadUInt16LittleEndian(records[16..])];
            records = records[record.Length..];
            ReadOnlySpan<byte> name = record[19..];
            name = name[..(name.IndexOf((byte)0) + 1)];
            if (reply.Length + Size(name.Length - 1, plus) > end) return Errno.None;
            ulong number = BinaryPrimitives.ReadUInt64LittleEndian(record), next = BinaryPrimitives.ReadUInt64LittleEndian(record[8..]);
            uint type = record[18];
            bool special = name.SequenceEqual(".\0"u8) || name.SequenceEqual("..\0"u8);
            // The directory above may be of another folder, or none of the guest's business.
            if (special) number = name.Length == 2 && Libc.TryStatAt(open.Descriptor!, "\0"u8, out Libc.statx own) == Errno.None ? NumberOf(own) : UnknownNumber;
            if (plus)
            {
                FileNode? node = null;
                Libc.statx status = default;
                // An entry that has gone, or one node too many, is told without attributes: the guest asks itself.
                if (!special && _nodes.Open(open.Node!, out _) is { } path) _ = Enter(open.Node!, path, name, out node, out status);
                if (node is null) reply.Zero(128);
                else _ = WriteEntry(node, status, ref reply);
                if (node is not null) (number, type) = (NumberOf(status), status.FileType >> 12);
            }
            WriteDirectoryEntry(number, next, type, name[..^1], ref reply);
        }
        return Errno.None;
    }

    private Errno ReadRoot(ulong offset, int end, bool plus, ref MessageWriter reply)
    {
        for (ulong i = offset; i < (ulong)_folders.Count + 2; i++)
        {
            byte[] name = i switch { 0 => [(byte)'.'], 1 => [(byte)'.', (byte)'.'], _ => Encoding.UTF8.GetBytes(_folders[(int)i - 2].Name) };
            if (reply.Length + Size(name.Length, plus) > end) break;
            FileNode? node = null;
            Libc.statx status = default;
            if (plus && i >= 2) _ = EnterFolder((int)i - 2, out node, out status);
            if (plus && node is not null) _ = WriteEntry(node, status, ref reply);
            else if (plus) reply.Zero(128);
            WriteDirectoryEntry(i < 2 ? NodeTable.Root : UnknownNumber, i + 1, node is null ? Libc.DT_UNKNOWN : status.FileType >> 12, name, ref reply);
        }
        return Errno.None;
    }

    private static int Size(int name, bool plus) => ((plus ? EntryPlusSize : EntrySize) + name + 7) & ~7;

    // struct fuse_dirent
    private static void WriteDirectoryEntry(ulong number, ulong next, uint type, ReadOnlySpan<byte> name, ref MessageWriter reply)
    {
        reply.UInt64(number);
        reply.UInt64(next);
        reply.UInt32((uint)name.Length);
        reply.UInt32(type);
        reply.Bytes(name);
        reply.Zero(-name.Length & 7);
    }
}
