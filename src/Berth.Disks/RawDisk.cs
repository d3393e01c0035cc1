using Berth.Linux;
using Berth.Machine.Storage;

namespace Berth.Disks;

/// <summary>A disk whose blocks lie in a plain file or block device, one after the other.</summary>
public sealed class RawDisk : IBlockBackend
{
    private readonly FileDescriptor _file;
    private readonly string _path;

    private RawDisk(FileDescriptor file, string path, long length, bool isReadOnly) => (_file, _path, Length, IsReadOnly) = (file, path, length, isReadOnly);

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public bool IsReadOnly { get; }

    /// <summary>Opens an existing file; a writable one is locked, so that two machines never share it.</summary>
    /// <exception cref="DiskException">Its size is no multiple of a sector, or another process has it.</exception>
    public static RawDisk Open(string path, bool isReadOnly)
    {
        FileDescriptor file = Libc.Open(path, isReadOnly ? Libc.O_RDONLY : Libc.O_RDWR);
        try
        {
            return new RawDisk(file, path, Measure(file, path, isReadOnly), isReadOnly);
        }
        catch
        {
            FileLock.Release(file);
            throw;
        }
    }

    /// <summary>Makes a new, empty, sparse file of <paramref name="length"/> bytes and opens it for writing.</summary>
    public static RawDisk Create(string path, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(length % IBlockBackend.SectorSize, 0L, nameof(length));
        using (FileDescriptor file = Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL, 0x180))
        {
            Libc.Truncate(file, length);
        }
        return Open(path, isReadOnly: false);
    }

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> destination)
    {
        DiskRange.Check(this, offset, destination.Length);
        while (!destination.IsEmpty)
        {
            int count = Libc.ReadAt(_file, destination, offset);
            if (count == 0)
            {
                throw new DiskException(DiskErrorCode.InvalidImage, $"{_path} became shorter while in use");
            }
            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        DiskRange.CheckWrite(this, offset, source.Length);
        while (!source.IsEmpty)
        {
            int count = WriteOnce(offset, source);
            source = source[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        if (!IsReadOnly)
        {
            Libc.SyncData(_file);
        }
    }

    /// <inheritdoc/>
    public void Discard(long offset, long length)
    {
        DiskRange.CheckWrite(this, offset, length);
        if (length == 0 || Libc.TryPunchHole(_file, offset, length) == Errno.None)
        {
            return;
        }
        // A file system without holes: zeros are what was promised.
        byte[] zeros = new byte[Math.Min(length, 1 << 20)];
        for (long end = offset + length; offset < end; offset += zeros.Length)
        {
            Write(offset, zeros.AsSpan(0, (int)Math.Min(zeros.Length, end - offset)));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => FileLock.Release(_file);

    private int WriteOnce(long offset, ReadOnlySpan<byte> source)
    {
        try
        {
            return Libc.WriteAt(_file, source, offset);
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOSPC or Errno.EDQUOT)
        {
            throw new DiskException(DiskErrorCode.NoSpace, $"the host's disk is full: {_path} cannot grow", e);
        }
    }

    private static long Measure(FileDescriptor file, string path, bool isReadOnly)
    {
        if (!isReadOnly && !Libc.Lock(file, Libc.LOCK_EX | Libc.LOCK_NB))
        {
            throw new DiskException(DiskErrorCode.InUse, $"{path} is in use by another machine");
        }
        Libc.statx stat = Libc.Stat(file);
        if (!stat.IsRegularFile && stat.FileType != Libc.S_IFBLK)
        {
            throw new DiskException(DiskErrorCode.InvalidImage, $"{path} is neither a file nor a block device");
        }
        long length = Libc.Seek(file, 0, Libc.SEEK_END);
        return length > 0 && length % IBlockBackend.SectorSize == 0
            ? length
            : throw new DiskException(DiskErrorCode.InvalidImage, $"{path} has {length} bytes: a disk is one or more sectors of {IBlockBackend.SectorSize}");
    }
}
