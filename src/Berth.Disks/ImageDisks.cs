using System.Collections.Concurrent;
using Berth.Linux;

namespace Berth.Disks;

/// <summary>
/// Read-only disks made of images: the merged tree of an image's layers as one erofs file system, each built once and kept by the image's id.
/// Equal layers give equal bytes. Whenever the process ends, a disk is there whole or not at all.
/// </summary>
public sealed class ImageDisks
{
    private readonly string _directory;
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _building = new(StringComparer.Ordinal);

    /// <summary>Keeps disks below <paramref name="directory"/>, which is made when missing.</summary>
    public ImageDisks(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
        Sweep();
    }

    /// <summary>File system of the disks, as mount(2) knows it.</summary>
    public static string FileSystem => "erofs";

    /// <summary>Path of the image's disk; built when it is not there yet. Callers for the same image share one build.</summary>
    /// <param name="imageId">The image's id, <c>sha256:…</c>.</param>
    /// <param name="layers">Directories of its layers, topmost first.</param>
    /// <param name="progress">Told once when a build begins and once when it has ended.</param>
    /// <param name="cancellation">Ends the waiting; the build goes on for the next caller.</param>
    /// <exception cref="DiskException">A tool is missing or failed, or the host's disk is full.</exception>
    public async Task<string> GetAsync(string imageId, IReadOnlyList<string> layers, IProgress<string>? progress, CancellationToken cancellation)
    {
        string hex = Hex(imageId), path = PathOf(hex);
        if (File.Exists(path))
        {
            return path;
        }
        Lazy<Task<string>> build = _building.GetOrAdd(hex, _ => new Lazy<Task<string>>(() => Task.Factory.StartNew(
            () => Build(hex, layers, progress), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        try
        {
            return await build.Value.WaitAsync(cancellation);
        }
        finally
        {
            if (build.Value.IsCompleted)
            {
                _building.TryRemove(new KeyValuePair<string, Lazy<Task<string>>>(hex, build));
            }
        }
    }

    /// <summary>Builds the disk of layers that are no image's, at a place of the caller's; it is not kept here.</summary>
    /// <param name="path">The file; nothing stands there before, nor after a failure.</param>
    /// <param name="id">64 lower-case hexadecimal digits, which its file system has as its id.</param>
    /// <param name="layers">Directories of the layers, topmost first.</param>
    /// <exception cref="DiskException">A tool is missing or failed, or the host's disk is full.</exception>
    public static void Build(string path, string id, IReadOnlyList<string> layers)
    {
        string staging = path + ".staging";
        Directory.CreateDirectory(staging);
        try
        {
            string made = Path.Combine(staging, "disk");
            MergedTree.Use(layers, staging, tree => Make(made, tree, Hex("sha256:" + id)));
            File.Move(made, path);
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    /// <summary>Forgets an image's disk. Machines that have it open keep it until they end.</summary>
    public void Remove(string imageId) => File.Delete(PathOf(Hex(imageId)));

    /// <summary>Bytes all disks take.</summary>
    public long DiskUsage() => Directory.EnumerateFiles(_directory, "*.erofs").Sum(static path => new FileInfo(path).Length);

    private string Build(string hex, IReadOnlyList<string> layers, IProgress<string>? progress)
    {
        string path = PathOf(hex), staging = Path.Combine(_directory, $".new-{Guid.NewGuid():n}");
        progress?.Report("Building the disk of the image");
        Directory.CreateDirectory(staging);
        // Another process sweeps what nobody holds a lock on.
        using FileDescriptor held = Libc.Open(staging, Libc.O_RDONLY | Libc.O_DIRECTORY);
        Libc.Lock(held, Libc.LOCK_SH);
        try
        {
            string made = Path.Combine(staging, "disk");
            MergedTree.Use(layers, staging, tree => Make(made, tree, hex));
            using (FileDescriptor file = Libc.Open(made, Libc.O_RDONLY))
            {
                Libc.Sync(file);
            }
            File.Move(made, path, overwrite: true);
            using FileDescriptor directory = Libc.Open(_directory, Libc.O_RDONLY | Libc.O_DIRECTORY);
            Libc.Sync(directory);
            progress?.Report("Built the disk of the image");
            return path;
        }
        finally
        {
            Directory.Delete(staging, recursive: true);
        }
    }

    // Not compressed: a guest's processor may be a program of ours, and reading must cost it nothing.
    private static void Make(string file, string tree, string hex)
    {
        string uuid = $"{hex[..8]}-{hex[8..12]}-5{hex[13..16]}-8{hex[17..20]}-{hex[20..32]}";
        // The time of the build is in the superblock. Set beyond every file's time it changes none of them.
        var fixedTime = new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = $"{uint.MaxValue}" };
        HostTool.Run("mkfs.erofs", "erofs-utils", ["--quiet", "-x", "1", "-U", uuid, file, tree], fixedTime);
    }

    private void Sweep()
    {
        foreach (string left in Directory.EnumerateDirectories(_directory, ".new-*"))
        {
            using (FileDescriptor? directory = Libc.TryOpenAt(null, left, Libc.O_RDONLY | Libc.O_DIRECTORY, 0, out _))
            {
                if (directory is null || !Libc.Lock(directory, Libc.LOCK_EX | Libc.LOCK_NB))
                {
                    continue;
                }
            }
            Directory.Delete(left, recursive: true);
        }
    }

    private string PathOf(string hex) => Path.Combine(_directory, hex + ".erofs");

    private static string Hex(string imageId)
    {
        string hex = imageId.StartsWith("sha256:", StringComparison.Ordinal) ? imageId[7..] : "";
        return hex.Length == 64 && hex.All(char.IsAsciiHexDigitLower) ? hex : throw new ArgumentException($"not the id of an image: {imageId}", nameof(imageId));
    }
}
