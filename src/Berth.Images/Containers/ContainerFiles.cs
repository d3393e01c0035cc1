using Berth.Images.Layers;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Containers;

/// <summary>
/// Copies between archives and a container's root directory. Every path is looked up by the kernel inside that root, so links
/// and races in the container never reach the host, and nothing of the container is ever run or loaded.
/// </summary>
public static class ContainerFiles
{
    /// <summary>Attributes of a path; a final symbolic link is described, not followed.</summary>
    /// <exception cref="ImageException">There is no such path.</exception>
    public static PathStat Stat(FileDescriptor root, string path)
    {
        (FileDescriptor parent, string name) = ContainerPath.OpenParent(root, path);
        using (parent)
        {
            return Stat(root, path, parent, name);
        }
    }

    /// <summary>Writes a file or tree as a tar whose names start with the path's last part (<c>.</c> for <c>/dir/.</c> and the root).</summary>
    /// <exception cref="ImageException">There is no such path.</exception>
    public static async Task<PathStat> CopyOutAsync(FileDescriptor root, string path, Stream output, CancellationToken cancellation,
        Func<uint, uint, (uint Uid, uint Gid)>? owner = null)
    {
        (FileDescriptor parent, string name) = ContainerPath.OpenParent(root, path);
        using (parent)
        {
            PathStat stat = Stat(root, path, parent, name);
            await using var buffered = new BufferedStream(new NonClosingStream(output), 1 << 18);
            var writer = new TarWriter(buffered);
            var archiver = new TreeArchiver(writer, isUpper: false, owner);
            if (name == ".")
            {
                await archiver.WriteDirectoryAsync(parent, stat.Name == "/" ? "." : stat.Name, cancellation);
            }
            else
            {
                await archiver.WriteAsync(parent, name, stat.Name, cancellation);
            }
            await writer.CompleteAsync(cancellation);
            return stat;
        }
    }

    /// <summary>Unpacks a tar, plain, gzip or zstd, into an existing directory.</summary>
    /// <exception cref="ImageException">There is no such directory, or the archive is refused.</exception>
    public static async Task CopyInAsync(FileDescriptor root, string path, Stream tar, TarExtractOptions options, CancellationToken cancellation)
    {
        using FileDescriptor directory = ContainerPath.Open(root, path, path);
        await TarExtractor.ExtractAsync(tar, directory, options with { IsLayer = false }, cancellation);
    }

    /// <summary>Writes the whole root as a tar.</summary>
    public static async Task ExportAsync(FileDescriptor root, Stream output, CancellationToken cancellation)
    {
        // The caller's descriptor may be O_PATH, which cannot be listed.
        using FileDescriptor readable = ContainerPath.Open(root, "/", "/");
        await LayerTarWriter.WriteAsync(readable, isUpper: false, output, cancellation);
    }

    private static PathStat Stat(FileDescriptor root, string path, FileDescriptor parent, string name)
    {
        Errno errno = Libc.TryStatAt(parent, name, out Libc.statx stat);
        if (errno != Errno.None)
        {
            throw ContainerPath.Refused(errno, path);
        }
        string trimmed = path.TrimEnd('/');
        string shown = trimmed.Length == 0 ? "/" : trimmed[(trimmed.LastIndexOf('/') + 1)..];
        return new PathStat(
            shown,
            (long)stat.stx_size,
            GoFileMode.From(stat),
            new TarTime(stat.stx_mtime.tv_sec, (int)stat.stx_mtime.tv_nsec).ToDateTimeOffset(),
            stat.IsSymbolicLink ? ContainerPath.Resolve(root, path) : "");
    }
}
