using Berth.Images.Layers;
using Berth.Linux;

namespace Berth.Images.Containers;

/// <summary>
/// Copies between archives and a container's root directory. Every path is looked up by the kernel inside that root, so links
/// and races in the container never reach the host.
/// </summary>
public static class ContainerFiles
{
    /// <summary>Attributes of a path; a final symbolic link is described, not followed.</summary>
    /// <exception cref="ImageException">There is no such path.</exception>
    public static PathStat Stat(FileDescriptor root, string path) => throw new NotImplementedException();

    /// <summary>Writes a file or tree as a tar whose names start with the path's last part.</summary>
    /// <exception cref="ImageException">There is no such path.</exception>
    public static Task<PathStat> CopyOutAsync(FileDescriptor root, string path, Stream output, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Unpacks a tar, plain, gzip or zstd, into an existing directory.</summary>
    /// <exception cref="ImageException">There is no such directory, or the archive is refused.</exception>
    public static Task CopyInAsync(FileDescriptor root, string path, Stream tar, TarExtractOptions options, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Writes the whole root as a tar.</summary>
    public static Task ExportAsync(FileDescriptor root, Stream output, CancellationToken cancellation) => throw new NotImplementedException();
}
