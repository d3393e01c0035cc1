using Berth.Build;
using Berth.Build.Ignore;
using Berth.Images.Layers;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Building;

/// <summary>The files that a client sent for a build, in a directory of the build's own. Whoever sent them, nothing of them leads outside.</summary>
public sealed class BuildContext(string directory)
{
    /// <summary>Where they are.</summary>
    public string Directory { get; } = directory;

    /// <summary>Takes in a tar, plain or compressed. Owners are dropped: on the way from a client they mean nothing.</summary>
    /// <exception cref="ImageException">It is malformed, hostile or over a limit.</exception>
    public async Task ReceiveAsync(Stream tar, ArchiveLimits limits, CancellationToken cancellation)
    {
        using FileDescriptor root = Libc.Open(Directory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        await TarExtractor.ExtractAsync(tar, root, new TarExtractOptions { AllowDevices = false, Owner = (0, 0), Limits = limits }, cancellation);
    }

    /// <summary>Takes in a file that was fetched: an archive, or else the Dockerfile alone.</summary>
    /// <exception cref="ImageException">It is a malformed or hostile archive, or goes beyond a limit.</exception>
    public async Task ReceiveFileAsync(string path, ArchiveLimits limits, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        bool isArchive = await Compression.IsTarAsync(file, limits, cancellation);
        file.Position = 0;
        if (isArchive)
        {
            await ReceiveAsync(file, limits, cancellation);
            return;
        }
        if (file.Length > BuildLimits.MaxFileBytes)
        {
            throw new ImageException(ImageErrorCode.InvalidArchive, $"what was fetched is no archive, and with {file.Length} bytes no Dockerfile");
        }
        await using var dockerfile = new FileStream(Path.Combine(Directory, "Dockerfile"), FileMode.CreateNew, FileAccess.Write);
        await file.CopyToAsync(dockerfile, cancellation);
    }

    /// <summary>A file of at most <paramref name="maxBytes"/> bytes (one more is read, so that too much shows), or null when there is none.</summary>
    public byte[]? Read(string path, int maxBytes)
    {
        using FileDescriptor root = Libc.Open(Directory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        using FileDescriptor? file = PathWalker.TryOpenInRoot(root, path, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_NOCTTY, out _);
        if (file is null || !Libc.Stat(file).IsRegularFile)
        {
            return null;
        }
        byte[] bytes = new byte[Math.Min((long)Libc.Stat(file).stx_size, maxBytes + 1)];
        int read = 0;
        while (read < bytes.Length && Libc.ReadAt(file, bytes.AsSpan(read), read) is > 0 and int count)
        {
            read += count;
        }
        return bytes[..read];
    }

    /// <summary>The host's path of something in a directory that nobody else changes, links followed inside it; null when there is no such thing.</summary>
    public static string? Locate(string directory, string path)
    {
        using FileDescriptor root = Libc.Open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        using FileDescriptor? node = PathWalker.TryOpenInRoot(root, path, Libc.O_PATH, out _);
        return node is null ? null : Libc.ReadLinkAt(null, node.ProcPath);
    }

    /// <summary>Deletes what an ignore file leaves out.</summary>
    public void Filter(IgnoreFile ignores)
    {
        if (ignores.IsEmpty)
        {
            return;
        }
        using FileDescriptor root = Libc.Open(Directory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        Filter(root, "", ignores);
    }

    private static void Filter(FileDescriptor directory, string path, IgnoreFile ignores)
    {
        foreach (DirectoryEntry entry in Libc.ReadDirectory(directory))
        {
            string name = ExtractTarget.Join(path, entry.Name);
            bool ignored = ignores.Ignores(name);
            if (ignored && !ignores.MayKeepBelow(name))
            {
                TreeRemoval.Remove(directory, entry.Name);
                continue;
            }
            using FileDescriptor? child = Libc.TryOpenAt(directory, entry.Name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out _);
            if (child is not null)
            {
                Filter(child, name, ignores);
            }
            if (ignored)
            {
                // A directory stays when something in it does.
                Libc.TryUnlinkAt(directory, entry.Name, child is null ? 0 : Libc.AT_REMOVEDIR);
            }
        }
    }
}
