using Berth.Images.Store;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>
/// Unpacks tar archives from anyone below an open directory. Nothing an archive says leads outside it: names with <c>..</c> or a
/// leading <c>/</c> are refused, and no step of a path is ever a symbolic link.
/// </summary>
public sealed class TarExtractor
{
    private const long WatermarkStep = 32 << 20;

    private readonly TarExtractOptions _options;
    private readonly EntryMetadata _metadata;
    private readonly ExtractTarget _target;
    private readonly LowerView? _lower;
    private readonly DiskWatermark _watermark;
    private readonly string[] _below;
    private long _bytes, _nextCheck;
    private int _entries;
    private bool _rootSeen;

    private TarExtractor(FileDescriptor root, LowerView? lower, TarExtractOptions options, ExtractTarget target)
    {
        _options = options;
        _lower = lower;
        _target = target;
        _metadata = new EntryMetadata(options);
        _below = ArchivePath.Split(options.Below, options.Below);
        _watermark = new DiskWatermark(root.ProcPath, options.Limits.MinFreeBytes);
    }

    /// <summary>Unpacks a tar, plain or compressed, below <paramref name="root"/>.</summary>
    /// <exception cref="ImageException">The archive is malformed, hostile or over a limit; the message names the entry.</exception>
    public static async Task<TarExtractResult> ExtractAsync(Stream archive, FileDescriptor root, TarExtractOptions options, CancellationToken cancellation)
    {
        await using Stream tar = await Compression.OpenAsync(archive, options.Limits, cancellation);
        using var reader = new TarReader(tar, options.Limits) { RequireEndMark = true };
        TarExtractResult result = await ExtractAsync(reader, root, null, options, cancellation);
        await reader.DrainAsync(cancellation);
        return result;
    }

    internal static async Task<TarExtractResult> ExtractAsync(
        TarReader reader, FileDescriptor root, LowerView? lower, TarExtractOptions options, CancellationToken cancellation)
    {
        using var target = new ExtractTarget(root, lower, options);
        var extractor = new TarExtractor(root, lower, options, target);
        while (await reader.ReadEntryAsync(cancellation) is { } entry)
        {
            try
            {
                extractor._entries++;
                await extractor.PlaceAsync(entry, reader, cancellation);
            }
            catch (LinuxException e)
            {
                throw Failed(e, entry);
            }
        }
        extractor.FinishRoot();
        target.SetDirectoryTimes();
        return new TarExtractResult(extractor._entries, extractor._bytes);
    }

    private static ImageException Failed(LinuxException cause, TarEntry entry) => cause.Errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => new ImageException(ImageErrorCode.NoSpace, $"no space left on the disk at entry \"{ImageException.Printable(entry.Name)}\"", cause),
        Errno.ELOOP or Errno.ENOTDIR or Errno.EXDEV or Errno.ENAMETOOLONG => ExtractTarget.Refused(cause.Errno, entry.Name),
        Errno.EROFS => new ImageException(ImageErrorCode.InvalidParameter, $"archive entry \"{ImageException.Printable(entry.Name)}\" belongs to a read-only file system: choose another place", cause),
        _ => new ImageException(ImageErrorCode.System, $"archive entry \"{ImageException.Printable(entry.Name)}\": {cause.Message}", cause),
    };

    private async ValueTask PlaceAsync(TarEntry entry, TarReader reader, CancellationToken cancellation)
    {
        string[] parts = [.. _below, .. ArchivePath.Split(entry.Name, entry.Name)];
        if (parts.Length == _below.Length)
        {
            PlaceRoot(entry);
            return;
        }
        string name = parts[^1];
        if (_options.IsLayer && parts.AsSpan(0, parts.Length - 1).ContainsAnyWhiteout())
        {
            throw ImageException.BadEntry(entry.Name, "a directory of its path is named like a whiteout");
        }
        if (_options.IsLayer && name.StartsWith(LayerNames.WhiteoutPrefix, StringComparison.Ordinal))
        {
            PlaceWhiteout(entry, parts, name);
            return;
        }
        (FileDescriptor parent, string parentPath) = _target.Parent(parts.AsSpan(0, parts.Length - 1), entry.Name);
        string path = ExtractTarget.Join(parentPath, name);
        bool exists = _target.Prepare(parent, path, name, entry.Type == TarEntryType.Directory, entry.Name);
        switch (entry.Type)
        {
            case TarEntryType.File:
                await WriteFileAsync(parent, name, entry, reader, cancellation);
                break;
            case TarEntryType.Directory:
                PlaceDirectory(parent, path, name, entry, exists);
                break;
            case TarEntryType.HardLink:
                PlaceHardLink(parent, name, entry);
                break;
            case TarEntryType.SymbolicLink:
                PlaceSymbolicLink(parent, name, entry);
                break;
            default:
                PlaceNode(parent, name, entry);
                break;
        }
    }

    private void PlaceRoot(TarEntry entry)
    {
        if (entry.Type != TarEntryType.Directory)
        {
            throw ImageException.BadEntry(entry.Name, "the root of an archive must be a directory");
        }
        if (!_options.IsLayer)
        {
            return; // the directory copied into keeps its own attributes, as with Docker
        }
        using FileDescriptor root = Libc.OpenAt(_target.Root, ".", Libc.O_RDONLY | Libc.O_DIRECTORY);
        _metadata.Apply(root, entry, withTimes: false);
        _target.SetTimeLater("", entry.ModifiedAt);
        _rootSeen = true;
    }

    private void FinishRoot()
    {
        if (_options.IsLayer && !_rootSeen)
        {
            using FileDescriptor root = Libc.OpenAt(_target.Root, ".", Libc.O_RDONLY | Libc.O_DIRECTORY);
            if (_lower?.Find("") is { } below)
            {
                _target.CopyAttributes(below, root, "");
            }
            else
            {
                Libc.ChangeMode(root, 0x1ED /* 0755 */);
                _target.SetTimeLater("", default);
            }
        }
    }

    private void PlaceWhiteout(TarEntry entry, string[] parts, string name)
    {
        if (name == LayerNames.OpaqueMarker)
        {
            (FileDescriptor directory, _) = _target.Parent(parts.AsSpan(0, parts.Length - 1), entry.Name);
            ExtractTarget.MakeOpaque(directory);
            return;
        }
        if (name.StartsWith(LayerNames.AufsPrefix, StringComparison.Ordinal))
        {
            return;
        }
        string hidden = name[LayerNames.WhiteoutPrefix.Length..];
        if (hidden is "" or "." or "..")
        {
            throw ImageException.BadEntry(entry.Name, "this whiteout names no file");
        }
        if (entry.Type is not (TarEntryType.File or TarEntryType.HardLink) || (entry.Type == TarEntryType.File && entry.Size != 0))
        {
            throw ImageException.BadEntry(entry.Name, "a whiteout must be an empty file");
        }
        (FileDescriptor parent, string parentPath) = _target.Parent(parts.AsSpan(0, parts.Length - 1), entry.Name);
        _target.Whiteout(parent, parentPath, hidden, entry.Name);
    }

    private async ValueTask WriteFileAsync(FileDescriptor parent, string name, TarEntry entry, TarReader reader, CancellationToken cancellation)
    {
        using FileDescriptor file = Libc.OpenAt(parent, name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW, 0x180 /* 0600 */);
        if (entry.Sparse is { } extents)
        {
            await WriteSparseAsync(file, extents, reader, cancellation);
            Libc.Truncate(file, entry.Size);
        }
        else
        {
            while (await reader.ReadDataAsync(cancellation) is { IsEmpty: false } data)
            {
                Account(data.Length);
                Libc.WriteAll(file, data.Span);
            }
        }
        _bytes += entry.Sparse is null ? 0 : entry.Size - entry.Sparse.Sum(extent => extent.Length);
        _metadata.Apply(file, entry, withTimes: true);
    }

    private async ValueTask WriteSparseAsync(FileDescriptor file, IReadOnlyList<SparseExtent> extents, TarReader reader, CancellationToken cancellation)
    {
        int index = 0;
        long done = 0;
        while (await reader.ReadDataAsync(cancellation) is { IsEmpty: false } data)
        {
            Account(data.Length);
            while (!data.IsEmpty)
            {
                SparseExtent extent = extents[index];
                int run = (int)Math.Min(data.Length, extent.Length - done);
                int written = Libc.WriteAt(file, data.Span[..run], extent.Offset + done);
                data = data[written..];
                done += written;
                if (done == extent.Length)
                {
                    (index, done) = (index + 1, 0);
                }
            }
        }
    }

    private void PlaceDirectory(FileDescriptor parent, string path, string name, TarEntry entry, bool exists)
    {
        if (!exists)
        {
            Libc.MakeDirectoryAt(parent, name, 0x1C0 /* 0700 */);
            _target.MarkReplaced(parent, path, name);
        }
        using FileDescriptor directory = _target.OpenExisting(parent, path, name, exists);
        _metadata.Apply(directory, entry, withTimes: false);
        _target.SetTimeLater(path, entry.ModifiedAt);
    }

    private void PlaceHardLink(FileDescriptor parent, string name, TarEntry entry)
    {
        string[] parts = ArchivePath.Split(entry.LinkName, entry.Name);
        if (parts.Length == 0)
        {
            throw ImageException.BadEntry(entry.Name, "a hard link needs a target");
        }
        using FileDescriptor directory = _target.TryOpen(string.Join('/', (string[])[.. _below, .. parts[..^1]]), out Errno errno)
            ?? throw ImageException.BadEntry(entry.Name, errno == Errno.ENOENT ? Missing(entry) : $"the path of its link target \"{ImageException.Printable(entry.LinkName)}\" has a symbolic link or a file in it");
        Errno found = Libc.TryStatAt(directory, parts[^1], out Libc.statx stat);
        if (found != Errno.None || LowerView.IsWhiteout(stat))
        {
            throw ImageException.BadEntry(entry.Name, Missing(entry));
        }
        if (stat.IsDirectory)
        {
            throw ImageException.BadEntry(entry.Name, "a hard link to a directory is not possible");
        }
        Libc.LinkAt(directory, parts[^1], parent, name);
    }

    private static string Missing(TarEntry entry) => $"its link target \"{ImageException.Printable(entry.LinkName)}\" is not in this archive before it";

    private void PlaceSymbolicLink(FileDescriptor parent, string name, TarEntry entry)
    {
        if (entry.LinkName.Length == 0)
        {
            throw ImageException.BadEntry(entry.Name, "a symbolic link needs a target");
        }
        Libc.SymbolicLinkAt(entry.LinkName, parent, name);
        _metadata.Apply(parent, name, entry);
    }

    private void PlaceNode(FileDescriptor parent, string name, TarEntry entry)
    {
        uint type = entry.Type switch
        {
            TarEntryType.CharacterDevice => Libc.S_IFCHR,
            TarEntryType.BlockDevice => Libc.S_IFBLK,
            _ => Libc.S_IFIFO,
        };
        if (type != Libc.S_IFIFO && !_options.AllowDevices)
        {
            throw ImageException.BadEntry(entry.Name, "device nodes are not allowed here");
        }
        if (type == Libc.S_IFCHR && entry is { DeviceMajor: 0, DeviceMinor: 0 })
        {
            throw ImageException.BadEntry(entry.Name, "character device 0:0 is overlayfs' own whiteout: use a .wh. entry");
        }
        if (entry.DeviceMajor > 0xFFF || entry.DeviceMinor > 0xFFFFF)
        {
            throw ImageException.BadEntry(entry.Name, "its device number is out of range");
        }
        Libc.MakeNodeAt(parent, name, type | 0x180, Libc.makedev(entry.DeviceMajor, entry.DeviceMinor));
        _metadata.Apply(parent, name, entry);
    }

    private void Account(int count)
    {
        if ((_bytes += count) >= _nextCheck)
        {
            _watermark.Check();
            _nextCheck = _bytes + WatermarkStep;
        }
    }
}

internal static class WhiteoutNames
{
    public static bool ContainsAnyWhiteout(this Span<string> parts)
    {
        foreach (string part in parts)
        {
            if (part.StartsWith(LayerNames.WhiteoutPrefix, StringComparison.Ordinal))
            {
                return true;
            }
        }
        return false;
    }
}
