using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/mman.h
public static partial class Libc
{
    public const uint MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_EXEC = 0x10;
    public const int F_SEAL_SEAL = 1, F_SEAL_SHRINK = 2, F_SEAL_GROW = 4, F_SEAL_WRITE = 8;
    public const int PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4;
    public const int MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20, MAP_NORESERVE = 0x4000, MAP_FIXED_NOREPLACE = 0x100000;

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint mmap(nint address, nint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int mprotect(nint address, nint length, int protection);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial FileDescriptor memfd_create(string name, uint flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint mmap(nint address, nint length, int protection, int flags, FileDescriptor fd, long offset);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int munmap(nint address, nint length);

    /// <summary>Maps <paramref name="length"/> bytes of <paramref name="file"/> from <paramref name="offset"/>; see mmap(2).</summary>
    public static nint Map(FileDescriptor file, long offset, long length, int protection, int flags, nint address = 0)
    {
        nint result = mmap(address, (nint)length, protection, flags, file, offset);
        return result != -1 ? result : throw new LinuxException("mmap", LastErrno, $"{length} bytes");
    }

    /// <summary>Removes a mapping made by <see cref="Map"/>.</summary>
    public static void Unmap(nint address, long length) => Check(munmap(address, (nint)length), "munmap");

    /// <summary>An anonymous file of <paramref name="length"/> zero bytes. <paramref name="flags"/>: MFD_*, and MFD_CLOEXEC always.</summary>
    public static FileDescriptor MemoryFile(string name, long length, uint flags = 0)
    {
        FileDescriptor file = memfd_create(name, MFD_CLOEXEC | flags);
        // Kernels before 6.3 do not know MFD_EXEC; there memory files are always executable.
        if (file.IsInvalid && (flags & MFD_EXEC) != 0 && LastErrno == Errno.EINVAL)
        {
            file.Dispose();
            file = memfd_create(name, MFD_CLOEXEC | (flags & ~MFD_EXEC));
        }
        Check(file, "memfd_create", name);
        Truncate(file, length);
        return file;
    }

    /// <summary>An anonymous file holding <paramref name="content"/>, sealed against every change.</summary>
    public static FileDescriptor SealedFile(string name, ReadOnlySpan<byte> content)
    {
        FileDescriptor file = Check(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create", name);
        WriteAll(file, content);
        Check(fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), "fcntl", "F_ADD_SEALS");
        return file;
    }

    /// <summary>An anonymous file of so many zero bytes.</summary>
    public static FileDescriptor MemoryFile(string name, long length)
    {
        FileDescriptor file = Check(memfd_create(name, MFD_CLOEXEC), "memfd_create", name);
        Truncate(file, length);
        return file;
    }

    /// <summary>Maps machine code that stays for the life of the process: written first, then made executable and read-only.</summary>
    internal static unsafe nint MapCode(ReadOnlySpan<byte> code)
    {
        nint address = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        Check(address == -1 ? -1 : 0, "mmap");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code.Length, 4096);
        // SAFETY: the mapping is one page and the code is not longer.
        code.CopyTo(new Span<byte>((void*)address, 4096));
        Check(mprotect(address, 4096, PROT_READ | PROT_EXEC), "mprotect");
        return address;
    }
}
