using System.Buffers;
using Berth.Build.Ignore;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>
/// Writes what lies below a directory descriptor into a tar, names sorted, links never followed. The tree may change meanwhile: a file
/// that shrinks is filled up with zeros, one that vanishes is left out.
/// </summary>
internal sealed class TreeArchiver(TarWriter writer, bool isUpper, Func<uint, uint, (uint Uid, uint Gid)>? owner = null)
{
    private const int MaxDepth = 1000, MaxExtents = 4096, BufferSize = 256 * 1024;
    private const int SeekSet = 0, SeekData = 3, SeekHole = 4;

    /// <summary>Later times are written as this one.</summary>
    public TarTime? Latest { get; init; }

    /// <summary>Permission bits of everything but links, in place of their own.</summary>
    public int? Mode { get; init; }

    /// <summary>What is left out, by the names after <see cref="IgnoresBelow"/>.</summary>
    public IgnoreFile Ignores { get; init; } = IgnoreFile.Empty;

    /// <summary>The directory of the archive that <see cref="Ignores"/> is about.</summary>
    public string IgnoresBelow { get; set; } = "";

    /// <summary>
    /// What an upper directory stands on. Some kernels mark every new directory as opaque and some do not: the mark counts where it hides something,
    /// so that the same changes are the same layer. Null = every mark counts.
    /// </summary>
    public LowerView? Below { get; init; }

    private readonly Dictionary<(ulong Device, ulong Inode), string> _firstNames = [];

    /// <summary>Writes a directory as an entry of that name and everything in it; <paramref name="name"/> "" is the archive's root.</summary>
    public async ValueTask WriteDirectoryAsync(FileDescriptor directory, string name, CancellationToken cancellation, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            throw new ImageException(ImageErrorCode.NotSupported, $"directories more than {MaxDepth} deep: {ImageException.Printable(name)}");
        }
        await WriteDirectoryEntryAsync(directory, name, cancellation);
        await WriteContentAsync(directory, name, cancellation, depth);
    }

    /// <summary>Writes a directory's own entry alone.</summary>
    public ValueTask WriteDirectoryEntryAsync(FileDescriptor directory, string name, CancellationToken cancellation) =>
        writer.WriteEntryAsync(Entry(Libc.Stat(directory), name.Length == 0 ? "./" : name + "/", TarEntryType.Directory) with { Attributes = Attributes(directory) }, cancellation);

    /// <summary>Writes everything in a directory, but not its own entry.</summary>
    public async ValueTask WriteContentAsync(FileDescriptor directory, string name, CancellationToken cancellation, int depth = 0)
    {
        if (isUpper && Libc.GetXattr(directory, LayerNames.OpaqueXattr) is [(byte)'y', ..] && (Below is null || Below.Find(name) is { Stat.IsDirectory: true }))
        {
            await writer.WriteFileAsync(ExtractTarget.Join(name, LayerNames.OpaqueMarker), default, default, cancellation);
        }
        List<DirectoryEntry> children = Libc.ReadDirectory(directory);
        children.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        foreach (DirectoryEntry child in children)
        {
            cancellation.ThrowIfCancellationRequested();
            string path = ExtractTarget.Join(name, child.Name);
            if (Ignores.IsEmpty || !Ignores.Ignores(Ignorable(path)))
            {
                await WriteAsync(directory, child.Name, path, cancellation, depth + 1);
            }
            else if (Ignores.MayKeepBelow(Ignorable(path)) && Libc.TryOpenAt(directory, child.Name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out _) is { } kept)
            {
                using (kept)
                {
                    await WriteContentAsync(kept, path, cancellation, depth + 1);
                }
            }
        }
    }

    /// <summary>Writes one file of any kind, or a whole directory, under another name.</summary>
    public async ValueTask WriteAsync(FileDescriptor parent, string child, string name, CancellationToken cancellation, int depth = 0)
    {
        Errno errno = Libc.TryStatAt(parent, child, out Libc.statx stat);
        if (errno == Errno.ENOENT)
        {
            if (child.Contains('\uFFFD', StringComparison.Ordinal))
            {
                throw new ImageException(ImageErrorCode.NotSupported, $"the file name \"{ImageException.Printable(name)}\" is not UTF-8: rename the file");
            }
            return;
        }
        if (errno != Errno.None)
        {
            throw new LinuxException("statx", errno, name);
        }
        if (!stat.IsDirectory && stat.stx_nlink > 1 && !(isUpper && LowerView.IsWhiteout(stat)))
        {
            if (_firstNames.TryGetValue((stat.Device, stat.stx_ino), out string? first))
            {
                await writer.WriteEntryAsync(Entry(stat, name, TarEntryType.HardLink) with { LinkName = first, Size = 0 }, cancellation);
                return;
            }
            _firstNames[(stat.Device, stat.stx_ino)] = name;
        }
        switch (stat.FileType)
        {
            case Libc.S_IFDIR:
                if (Libc.TryOpenAt(parent, child, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out _) is { } directory)
                {
                    using (directory)
                    {
                        await WriteDirectoryAsync(directory, name, cancellation, depth);
                    }
                }
                break;
            case Libc.S_IFREG:
                await WriteFileAsync(parent, child, name, cancellation);
                break;
            case Libc.S_IFLNK:
                await writer.WriteEntryAsync(Entry(stat, name, TarEntryType.SymbolicLink) with { LinkName = Libc.ReadLinkAt(parent, child), Size = 0 }, cancellation);
                break;
            case Libc.S_IFCHR when isUpper && LowerView.IsWhiteout(stat):
                await writer.WriteFileAsync(name[..^child.Length] + LayerNames.WhiteoutPrefix + child, default, default, cancellation);
                break;
            case Libc.S_IFCHR or Libc.S_IFBLK:
                await writer.WriteEntryAsync(Entry(stat, name, stat.FileType == Libc.S_IFCHR ? TarEntryType.CharacterDevice : TarEntryType.BlockDevice) with
                {
                    Size = 0,
                    DeviceMajor = stat.stx_rdev_major,
                    DeviceMinor = stat.stx_rdev_minor,
                }, cancellation);
                break;
            case Libc.S_IFIFO:
                await writer.WriteEntryAsync(Entry(stat, name, TarEntryType.Fifo) with { Size = 0 }, cancellation);
                break;
            default:
                break; // sockets mean nothing without the process that listens, and tar has no type for them
        }
    }

    private async ValueTask WriteFileAsync(FileDescriptor parent, string child, string name, CancellationToken cancellation)
    {
        // O_NONBLOCK: should a pipe have taken the file's place, opening it must not wait for a writer.
        using FileDescriptor? file = Libc.TryOpenAt(parent, child, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK | Libc.O_NOCTTY, 0, out Errno errno);
        if (file is null)
        {
            _ = errno is Errno.ENOENT or Errno.ELOOP ? 0 : throw new LinuxException("openat", errno, name);
            return;
        }
        Libc.statx stat = Libc.Stat(file);
        if (!stat.IsRegularFile)
        {
            return;
        }
        if (isUpper && Libc.ListXattr(file) is var names && (names.Contains("trusted.overlay.metacopy") || names.Contains("trusted.overlay.redirect")))
        {
            throw new ImageException(ImageErrorCode.NotSupported, $"\"{ImageException.Printable(name)}\" was changed under overlayfs metacopy or redirect_dir, which must be off");
        }
        List<SparseExtent>? extents = FindExtents(file, stat);
        await writer.WriteEntryAsync(Entry(stat, name, TarEntryType.File) with { Attributes = Attributes(file), Sparse = extents }, cancellation);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            foreach (SparseExtent extent in extents ?? [new SparseExtent(0, (long)stat.stx_size)])
            {
                await CopyAsync(file, extent, buffer, cancellation);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask CopyAsync(FileDescriptor file, SparseExtent extent, byte[] buffer, CancellationToken cancellation)
    {
        for (long done = 0; done < extent.Length;)
        {
            int wanted = (int)Math.Min(buffer.Length, extent.Length - done);
            int count = Libc.ReadAt(file, buffer.AsSpan(0, wanted), extent.Offset + done);
            if (count == 0)
            {
                buffer.AsSpan(0, wanted).Clear();
                count = wanted;
            }
            await writer.WriteDataAsync(buffer.AsMemory(0, count), cancellation);
            done += count;
        }
    }

    // Null when the file has no hole worth a map.
    private static List<SparseExtent>? FindExtents(FileDescriptor file, in Libc.statx stat)
    {
        long size = (long)stat.stx_size;
        if ((long)stat.stx_blocks * 512 > size - 65536)
        {
            return null;
        }
        var extents = new List<SparseExtent>();
        try
        {
            for (long at = 0; at < size;)
            {
                long data = Libc.Seek(file, at, SeekData), hole = Math.Min(Libc.Seek(file, data, SeekHole), size);
                if (data >= size)
                {
                    break;
                }
                extents.Add(new SparseExtent(data, hole - data));
                at = hole;
                if (extents.Count > MaxExtents)
                {
                    return null;
                }
            }
        }
        catch (LinuxException e) when (e.Errno == Errno.ENXIO)
        {
            // no data after that point
        }
        catch (LinuxException e) when (e.Errno is Errno.EINVAL or Errno.ENOTSUP)
        {
            return null;
        }
        Libc.Seek(file, 0, SeekSet);
        return extents.Sum(extent => extent.Length) > size - 65536 ? null : extents;
    }

    private string Ignorable(string path) => IgnoresBelow.Length == 0 ? path : path[(IgnoresBelow.Length + 1)..];

    private TarEntry Entry(in Libc.statx stat, string name, TarEntryType type)
    {
        (uint uid, uint gid) = owner?.Invoke(stat.stx_uid, stat.stx_gid) ?? (stat.stx_uid, stat.stx_gid);
        return new TarEntry
        {
            Name = name,
            Type = type,
            Mode = type == TarEntryType.SymbolicLink ? (int)stat.Permissions : Mode ?? (int)stat.Permissions,
            Uid = uid,
            Gid = gid,
            Size = type == TarEntryType.File ? (long)stat.stx_size : 0,
            ModifiedAt = Latest is { } latest && stat.stx_mtime.tv_sec >= latest.Seconds ? latest : new TarTime(stat.stx_mtime.tv_sec, (int)stat.stx_mtime.tv_nsec),
        };
    }

    private static Xattr[] Attributes(FileDescriptor file) =>
        [.. Libc.ListXattr(file)
            .Where(name => name is "security.capability" or "system.posix_acl_access" or "system.posix_acl_default"
                || (name.StartsWith("user.", StringComparison.Ordinal) && !name.StartsWith("user.overlay.", StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)
            .Select(name => (Name: name, Value: Libc.GetXattr(file, name)))
            .Where(xattr => xattr.Value is not null)
            .Select(xattr => new Xattr(xattr.Name, xattr.Value!))];
}
