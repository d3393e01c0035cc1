using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux;

// dirent.h
public static partial class Libc
{
    public const byte DT_UNKNOWN = 0, DT_FIFO = 1, DT_CHR = 2, DT_DIR = 4, DT_BLK = 6, DT_REG = 8, DT_LNK = 10, DT_SOCK = 12;

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint getdents64(FileDescriptor fd, Span<byte> buffer, nint size);

    /// <summary>Fills a buffer with entries as the kernel has them, struct linux_dirent64, from the current position: the bytes, 0 at the end, or minus errno.</summary>
    public static int TryReadEntries(FileDescriptor directory, Span<byte> buffer)
    {
        nint count = getdents64(directory, buffer, buffer.Length);
        return count < 0 ? -(int)LastErrno : (int)count;
    }

    /// <summary>Entries of an open directory from its current position, without "." and ".."; names are UTF-8 as .NET reads it.</summary>
    public static List<DirectoryEntry> ReadDirectory(FileDescriptor directory)
    {
        List<DirectoryEntry> entries = [];
        ReadRecords(directory, record => entries.Add(
            new DirectoryEntry(Encoding.UTF8.GetString(NameOf(record)[..^1]), record[18], BinaryPrimitives.ReadUInt64LittleEndian(record))));
        return entries;
    }

    /// <summary>Names as the kernel has them, NUL at the end: they need not be UTF-8.</summary>
    public static List<byte[]> ReadRawNames(FileDescriptor directory)
    {
        List<byte[]> names = [];
        ReadRecords(directory, record => names.Add(NameOf(record).ToArray()));
        return names;
    }

    private static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> record) => record[19..][..(record[19..].IndexOf((byte)0) + 1)];

    private static void ReadRecords(FileDescriptor directory, Action<ReadOnlySpan<byte>> take)
    {
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(32768);
        try
        {
            int count;
            while ((count = (int)Check(getdents64(directory, buffer, buffer.Length), "getdents64")) > 0)
            {
                for (int at = 0; at < count;)
                {
                    // struct linux_dirent64: u64 ino, s64 off, u16 reclen, u8 type, name
                    ReadOnlySpan<byte> record = buffer.AsSpan(at, BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + 16)));
                    at += record.Length;
                    if (NameOf(record) is not ([(byte)'.', 0] or [(byte)'.', (byte)'.', 0])) take(record);
                }
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
