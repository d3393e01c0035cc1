using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux;

// sys/xattr.h
public static partial class Libc
{
    public const int XATTR_CREATE = 1, XATTR_REPLACE = 2;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lsetxattr(string path, string name, ReadOnlySpan<byte> value, nint size, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(string path, string name, Span<byte> value, nint size);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint llistxattr(string path, Span<byte> list, nint size);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fsetxattr(FileDescriptor fd, string name, ReadOnlySpan<byte> value, nint size, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint fgetxattr(FileDescriptor fd, string name, Span<byte> value, nint size);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint flistxattr(FileDescriptor fd, Span<byte> list, nint size);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setxattr(string path, string name, ReadOnlySpan<byte> value, nint size, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getxattr(string path, string name, Span<byte> value, nint size);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint listxattr(string path, Span<byte> list, nint size);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int removexattr(string path, string name);

    /// <summary>Sets an extended attribute of an open file, O_PATH too, answering errno instead of throwing.</summary>
    public static Errno TrySetXattr(FileDescriptor fd, string name, ReadOnlySpan<byte> value, int flags) =>
        setxattr(fd.ProcPath, name, value, value.Length, flags) < 0 ? LastErrno : Errno.None;

    /// <summary>Reads an extended attribute of an open file, O_PATH too: its length, or minus errno. An empty buffer only asks for the length.</summary>
    public static int TryGetXattr(FileDescriptor fd, string name, Span<byte> value)
    {
        nint size = getxattr(fd.ProcPath, name, value, value.Length);
        return size < 0 ? -(int)LastErrno : (int)size;
    }

    /// <summary>Lists extended attributes of an open file, O_PATH too, each name with a NUL: the length, or minus errno.</summary>
    public static int TryListXattr(FileDescriptor fd, Span<byte> names)
    {
        nint size = listxattr(fd.ProcPath, names, names.Length);
        return size < 0 ? -(int)LastErrno : (int)size;
    }

    /// <summary>Removes an extended attribute of an open file, O_PATH too, answering errno instead of throwing.</summary>
    public static Errno TryRemoveXattr(FileDescriptor fd, string name) => removexattr(fd.ProcPath, name) < 0 ? LastErrno : Errno.None;

    /// <summary>Sets an extended attribute; a final link is not followed. An entry of a directory is named by <c>/proc/self/fd/N/name</c>.</summary>
    public static void SetXattr(string path, string name, ReadOnlySpan<byte> value, int flags = 0) =>
        Check(lsetxattr(path, name, value, value.Length, flags), "lsetxattr", $"{path} {name}");

    /// <summary>Sets an extended attribute of an open file (not O_PATH).</summary>
    public static void SetXattr(FileDescriptor fd, string name, ReadOnlySpan<byte> value, int flags = 0) =>
        Check(fsetxattr(fd, name, value, value.Length, flags), "fsetxattr", name);

    /// <summary>Value of an extended attribute; null when the file has none of that name. A final link is not followed.</summary>
    public static byte[]? GetXattr(string path, string name)
    {
        Span<byte> buffer = stackalloc byte[1024];
        nint size = lgetxattr(path, name, buffer, buffer.Length);
        if (size < 0 && LastErrno == Errno.ERANGE) size = lgetxattr(path, name, buffer = new byte[65536], 65536);
        return Value(size, buffer, "lgetxattr", name);
    }

    /// <summary>Value of an extended attribute of an open file; null when it has none of that name.</summary>
    public static byte[]? GetXattr(FileDescriptor fd, string name)
    {
        Span<byte> buffer = stackalloc byte[1024];
        nint size = fgetxattr(fd, name, buffer, buffer.Length);
        if (size < 0 && LastErrno == Errno.ERANGE) size = fgetxattr(fd, name, buffer = new byte[65536], 65536);
        return Value(size, buffer, "fgetxattr", name);
    }

    /// <summary>Names of the extended attributes; a final link is not followed.</summary>
    public static string[] ListXattr(string path)
    {
        Span<byte> buffer = stackalloc byte[1024];
        nint size = llistxattr(path, buffer, buffer.Length);
        if (size < 0 && LastErrno == Errno.ERANGE) size = llistxattr(path, buffer = new byte[65536], 65536);
        return Names(size, buffer, "llistxattr", path);
    }

    /// <summary>Names of the extended attributes of an open file.</summary>
    public static string[] ListXattr(FileDescriptor fd)
    {
        Span<byte> buffer = stackalloc byte[1024];
        nint size = flistxattr(fd, buffer, buffer.Length);
        if (size < 0 && LastErrno == Errno.ERANGE) size = flistxattr(fd, buffer = new byte[65536], 65536);
        return Names(size, buffer, "flistxattr", null);
    }

    private static byte[]? Value(nint size, ReadOnlySpan<byte> buffer, string call, string name)
    {
        if (size >= 0) return buffer[..(int)size].ToArray();
        Errno errno = LastErrno;
        return errno is Errno.ENODATA or Errno.ENOTSUP ? null : throw new LinuxException(call, errno, name);
    }

    private static string[] Names(nint size, ReadOnlySpan<byte> buffer, string call, string? subject)
    {
        if (size < 0 && LastErrno == Errno.ENOTSUP) return [];
        Check(size, call, subject);
        return Encoding.UTF8.GetString(buffer[..(int)size]).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }
}
