using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux;

// unistd.h, stdio.h (renameat2)
public static partial class Libc
{
    public const uint CLOSE_RANGE_CLOEXEC = 4;
    public const int SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2, SEEK_DATA = 3, SEEK_HOLE = 4;
    public const uint RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2;
    public const int R_OK = 4, W_OK = 2, X_OK = 1, F_OK = 0;

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint read(FileDescriptor fd, Span<byte> buffer, nint count);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint write(FileDescriptor fd, ReadOnlySpan<byte> buffer, nint count);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint pread(FileDescriptor fd, Span<byte> buffer, nint count, long offset);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint pwrite(FileDescriptor fd, ReadOnlySpan<byte> buffer, nint count, long offset);

    [LibraryImport(Library, SetLastError = true)]
    private static partial long lseek(FileDescriptor fd, long offset, int whence);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int ftruncate(FileDescriptor fd, long length);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fsync(FileDescriptor fd);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fdatasync(FileDescriptor fd);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int syncfs(FileDescriptor fd);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int truncate(string path, long length);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint copy_file_range(FileDescriptor input, ref long inputOffset, FileDescriptor output, ref long outputOffset, nint length, uint flags);

    [LibraryImport(Library, EntryPoint = "linkat", SetLastError = true)]
    private static partial int linkat_raw(FileDescriptor olddirfd, ReadOnlySpan<byte> oldpath, FileDescriptor newdirfd, ReadOnlySpan<byte> newpath, int flags);

    [LibraryImport(Library, EntryPoint = "symlinkat", SetLastError = true)]
    private static partial int symlinkat_raw(ReadOnlySpan<byte> target, FileDescriptor dirfd, ReadOnlySpan<byte> path);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fchownat(FileDescriptor dirfd, string path, uint uid, uint gid, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int linkat(FileDescriptor olddirfd, string oldpath, FileDescriptor newdirfd, string newpath, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlinkat(string target, FileDescriptor dirfd, string path);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlinkat(FileDescriptor dirfd, string path, int flags);

    [LibraryImport(Library, EntryPoint = "unlinkat", SetLastError = true)]
    private static partial int unlinkat_raw(FileDescriptor dirfd, ReadOnlySpan<byte> path, int flags);

    [LibraryImport(Library, EntryPoint = "renameat2", SetLastError = true)]
    private static partial int renameat2_raw(FileDescriptor olddirfd, ReadOnlySpan<byte> oldpath, FileDescriptor newdirfd, ReadOnlySpan<byte> newpath, uint flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlinkat(FileDescriptor dirfd, string path, Span<byte> buffer, nint size);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(FileDescriptor olddirfd, string oldpath, FileDescriptor newdirfd, string newpath, uint flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chdir(string path);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fchdir(FileDescriptor fd);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int sethostname(ReadOnlySpan<byte> name, nint length);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int setdomainname(ReadOnlySpan<byte> name, nint length);

    [LibraryImport(Library, SetLastError = true)]
    private static unsafe partial int pipe2(int* fds, int flags);

    [LibraryImport(Library)]
    private static partial void _exit(int status);

    [LibraryImport(Library)]
    private static partial int getpid();

    [LibraryImport(Library)]
    private static partial int gettid();

    [LibraryImport(Library)]
    private static partial uint geteuid();

    /// <summary>Reads once; 0 is the end. Interrupted calls are repeated.</summary>
    public static int Read(FileDescriptor fd, Span<byte> buffer)
    {
        nint count;
        while ((count = read(fd, buffer, buffer.Length)) < 0 && LastErrno == Errno.EINTR) { }
        return (int)Check(count, "read");
    }

    /// <summary>Reads once without throwing: the count, or minus errno.</summary>
    public static int TryRead(FileDescriptor fd, Span<byte> buffer)
    {
        nint count;
        while ((count = read(fd, buffer, buffer.Length)) < 0 && LastErrno == Errno.EINTR) { }
        return count < 0 ? -(int)LastErrno : (int)count;
    }

    /// <summary>Writes once without throwing: the count, or minus errno.</summary>
    public static int TryWrite(FileDescriptor fd, ReadOnlySpan<byte> buffer)
    {
        nint count;
        while ((count = write(fd, buffer, buffer.Length)) < 0 && LastErrno == Errno.EINTR) { }
        return count < 0 ? -(int)LastErrno : (int)count;
    }

    /// <summary>Writes all bytes to a blocking descriptor.</summary>
    public static void WriteAll(FileDescriptor fd, ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = TryWrite(fd, buffer);
            if (count < 0) throw new LinuxException("write", (Errno)(-count));
            buffer = buffer[count..];
        }
    }

    /// <summary>Reads at an offset without moving the file position.</summary>
    public static int ReadAt(FileDescriptor fd, Span<byte> buffer, long offset) =>
        (int)Check(pread(fd, buffer, buffer.Length, offset), "pread");

    /// <summary>Writes at an offset without moving the file position; returns the count written.</summary>
    public static int WriteAt(FileDescriptor fd, ReadOnlySpan<byte> buffer, long offset) =>
        (int)Check(pwrite(fd, buffer, buffer.Length, offset), "pwrite");

    /// <summary>Moves the file position; with SEEK_DATA and SEEK_HOLE −1 means that nothing follows (ENXIO).</summary>
    public static long Seek(FileDescriptor fd, long offset, int whence)
    {
        long result = lseek(fd, offset, whence);
        return result < 0 && LastErrno == Errno.ENXIO ? -1 : Check(result, "lseek");
    }

    /// <summary>Sets a file's length.</summary>
    public static void Truncate(FileDescriptor fd, long length) => Check(ftruncate(fd, length), "ftruncate");

    /// <summary>Flushes a file or directory to its disk.</summary>
    public static void Sync(FileDescriptor fd) => Check(fsync(fd), "fsync");

    /// <summary>Flushes a file's content, and of its attributes only what reading it back needs.</summary>
    public static void SyncData(FileDescriptor fd) => Check(fdatasync(fd), "fdatasync");

    /// <summary>Flushes the file system that holds <paramref name="fd"/>.</summary>
    public static void SyncFileSystem(FileDescriptor fd) => Check(syncfs(fd), "syncfs");

    /// <summary>Changes the owner; links are not followed. An empty path means <paramref name="directory"/> itself.</summary>
    public static void ChangeOwnerAt(FileDescriptor? directory, string path, uint uid, uint gid) =>
        Check(fchownat(Dir(directory), path, uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), "fchownat", path);

    /// <summary>Makes a hard link; a link to a symbolic link is a link to the symbolic link itself.</summary>
    public static void LinkAt(FileDescriptor? oldDirectory, string oldPath, FileDescriptor? newDirectory, string newPath) =>
        Check(linkat(Dir(oldDirectory), oldPath, Dir(newDirectory), newPath, oldPath.Length == 0 ? AT_EMPTY_PATH : 0), "linkat", newPath);

    /// <summary>Makes a symbolic link.</summary>
    public static void SymbolicLinkAt(string target, FileDescriptor? directory, string path) =>
        Check(symlinkat(target, Dir(directory), path), "symlinkat", path);

    /// <summary>Removes a name; with AT_REMOVEDIR an empty directory.</summary>
    public static void UnlinkAt(FileDescriptor? directory, string path, int flags = 0) =>
        Check(unlinkat(Dir(directory), path, flags), "unlinkat", path);

    /// <summary>Removes a name, answering errno instead of throwing.</summary>
    public static Errno TryUnlinkAt(FileDescriptor? directory, string path, int flags = 0) =>
        unlinkat(Dir(directory), path, flags) < 0 ? LastErrno : Errno.None;

    /// <summary>Removes a name of <see cref="ReadRawNames"/>, answering errno instead of throwing.</summary>
    public static Errno TryUnlinkAt(FileDescriptor directory, byte[] rawName, int flags = 0) =>
        unlinkat_raw(directory, rawName, flags) < 0 ? LastErrno : Errno.None;

    /// <summary>Renames a name of <see cref="ReadRawNames"/>.</summary>
    public static void RenameAt(FileDescriptor oldDirectory, byte[] rawName, FileDescriptor newDirectory, string newName) =>
        Check(renameat2_raw(oldDirectory, rawName, newDirectory, Encoding.UTF8.GetBytes(newName + '\0'), 0), "renameat2", newName);

    /// <summary>Removes a name that ends with NUL, answering errno instead of throwing.</summary>
    public static Errno TryUnlinkAt(FileDescriptor directory, ReadOnlySpan<byte> rawName, int flags = 0) =>
        unlinkat_raw(directory, rawName, flags) < 0 ? LastErrno : Errno.None;

    /// <summary>Gives an open file, O_PATH too, one more name, which ends with NUL.</summary>
    public static Errno TryLink(FileDescriptor file, FileDescriptor directory, ReadOnlySpan<byte> rawName) =>
        linkat_raw(Dir(null), Encoding.ASCII.GetBytes(file.ProcPath + '\0'), directory, rawName, AT_SYMLINK_FOLLOW) < 0 ? LastErrno : Errno.None;

    /// <summary>Makes a symbolic link; target and name end with NUL.</summary>
    public static Errno TrySymbolicLinkAt(ReadOnlySpan<byte> target, FileDescriptor directory, ReadOnlySpan<byte> rawName) =>
        symlinkat_raw(target, directory, rawName) < 0 ? LastErrno : Errno.None;

    /// <summary>Reads the target of a symbolic link that was opened with O_PATH | O_NOFOLLOW: the count, or minus errno.</summary>
    public static int TryReadLink(FileDescriptor link, Span<byte> target)
    {
        nint length = readlinkat(link, "", target, target.Length);
        return length < 0 ? -(int)LastErrno : (int)length;
    }

    /// <summary>Reads at an offset without throwing: the count, or minus errno.</summary>
    public static int TryReadAt(FileDescriptor fd, Span<byte> buffer, long offset)
    {
        nint count;
        while ((count = pread(fd, buffer, buffer.Length, offset)) < 0 && LastErrno == Errno.EINTR) { }
        return count < 0 ? -(int)LastErrno : (int)count;
    }

    /// <summary>Writes at an offset without throwing: the count, or minus errno.</summary>
    public static int TryWriteAt(FileDescriptor fd, ReadOnlySpan<byte> buffer, long offset)
    {
        nint count;
        while ((count = pwrite(fd, buffer, buffer.Length, offset)) < 0 && LastErrno == Errno.EINTR) { }
        return count < 0 ? -(int)LastErrno : (int)count;
    }

    /// <summary>Moves the file position without throwing: the new one, or minus errno.</summary>
    public static long TrySeek(FileDescriptor fd, long offset, int whence)
    {
        long result = lseek(fd, offset, whence);
        return result < 0 ? -(long)LastErrno : result;
    }

    /// <summary>Copies between files within the kernel: the count, or minus errno.</summary>
    public static int TryCopyRange(FileDescriptor input, long inputOffset, FileDescriptor output, long outputOffset, int length)
    {
        nint count = copy_file_range(input, ref inputOffset, output, ref outputOffset, length, 0);
        return count < 0 ? -(int)LastErrno : (int)count;
    }

    /// <summary>Sets a file's length, answering errno instead of throwing.</summary>
    public static Errno TryTruncate(FileDescriptor fd, long length) => ftruncate(fd, length) < 0 ? LastErrno : Errno.None;

    /// <summary>Sets the length of the file at a path, answering errno instead of throwing.</summary>
    public static Errno TryTruncate(string path, long length) => truncate(path, length) < 0 ? LastErrno : Errno.None;

    /// <summary>Flushes a file to its disk, or of its attributes only what reading it back needs, answering errno instead of throwing.</summary>
    public static Errno TrySync(FileDescriptor fd, bool dataOnly = false) => (dataOnly ? fdatasync(fd) : fsync(fd)) < 0 ? LastErrno : Errno.None;

    /// <summary>Flushes the file system that holds <paramref name="fd"/>, answering errno instead of throwing.</summary>
    public static Errno TrySyncFileSystem(FileDescriptor fd) => syncfs(fd) < 0 ? LastErrno : Errno.None;

    /// <summary>Changes the owner of an open file, O_PATH too, answering errno instead of throwing; <see cref="uint.MaxValue"/> leaves one as it is.</summary>
    public static Errno TryChangeOwner(FileDescriptor fd, uint uid, uint gid) =>
        fchownat(fd, "", uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0 ? LastErrno : Errno.None;

    /// <summary>Renames names that end with NUL and need not be UTF-8, answering errno instead of throwing; <paramref name="flags"/> are RENAME_*.</summary>
    public static Errno TryRenameAt(FileDescriptor oldDirectory, ReadOnlySpan<byte> oldName, FileDescriptor newDirectory, ReadOnlySpan<byte> newName, uint flags = 0) =>
        renameat2_raw(oldDirectory, oldName, newDirectory, newName, flags) < 0 ? LastErrno : Errno.None;

    /// <summary>Target of a symbolic link; an empty path reads the link opened with O_PATH | O_NOFOLLOW.</summary>
    public static string ReadLinkAt(FileDescriptor? directory, string path)
    {
        Span<byte> buffer = stackalloc byte[4096];
        nint length = (nint)Check(readlinkat(Dir(directory), path, buffer, buffer.Length), "readlinkat", path);
        return Encoding.UTF8.GetString(buffer[..(int)length]);
    }

    /// <summary>Renames; <paramref name="flags"/> are RENAME_*.</summary>
    public static void RenameAt(FileDescriptor? oldDirectory, string oldPath, FileDescriptor? newDirectory, string newPath, uint flags = 0) =>
        Check(renameat2(Dir(oldDirectory), oldPath, Dir(newDirectory), newPath, flags), "renameat2", newPath);

    /// <summary>Changes the working directory of the process (of the thread after unshare(CLONE_FS)).</summary>
    public static void ChangeDirectory(string path) => Check(chdir(path), "chdir", path);

    /// <summary>Changes the working directory of the process (of the thread after unshare(CLONE_FS)).</summary>
    public static void ChangeDirectory(FileDescriptor directory) => Check(fchdir(directory), "fchdir");

    /// <summary>Sets the host name of the calling thread's UTS namespace.</summary>
    public static void SetHostName(string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        Check(sethostname(bytes, bytes.Length), "sethostname", name);
    }

    /// <summary>Sets the NIS domain name of the calling thread's UTS namespace.</summary>
    public static void SetDomainName(string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        Check(setdomainname(bytes, bytes.Length), "setdomainname", name);
    }

    /// <summary>Makes a pipe, close-on-exec; <paramref name="flags"/> may add O_NONBLOCK.</summary>
    public static unsafe (FileDescriptor Read, FileDescriptor Write) Pipe(int flags = 0)
    {
        // SAFETY: the kernel writes two numbers.
        int* fds = stackalloc int[2];
        Check(pipe2(fds, flags | O_CLOEXEC), "pipe2");
        return (new FileDescriptor(fds[0]), new FileDescriptor(fds[1]));
    }

    /// <summary>The process id.</summary>
    public static int ProcessId => getpid();

    /// <summary>Ends the process at once: nothing is flushed, no handler and no finalizer runs. [exit(2)]</summary>
    [DoesNotReturn]
    public static void Exit(int status)
    {
        _exit(status);
        throw new UnreachableException();
    }

    /// <summary>The kernel's id of the calling thread.</summary>
    public static int ThreadId => gettid();

    /// <summary>The effective user id.</summary>
    public static uint EffectiveUserId => geteuid();
}
