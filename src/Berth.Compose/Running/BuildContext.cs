using System.Formats.Tar;
using System.Text;

namespace Berth.Compose.Running;

/// <summary>Packs a build context without what its <c>.dockerignore</c> leaves out.</summary>
internal static class BuildContext
{
    /// <summary>The archive, on a file that goes when it is closed; <paramref name="extra"/> is a file to add.</summary>
    public static Stream Open(string directory, string dockerfile, (string Name, string Text)? extra)
    {
        var ignored = IgnoreFile.Load(directory, dockerfile);
        FileStream archive = new(Path.Combine(Path.GetTempPath(), $"berth-context-{Guid.NewGuid():n}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 64 * 1024, FileOptions.DeleteOnClose);
        using (TarWriter tar = new(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            Add(tar, directory, "", ignored);
            // Outside of the context, the builder could not read it there.
            if (Path.IsPathRooted(dockerfile) || dockerfile.StartsWith("../", StringComparison.Ordinal))
            {
                throw new ComposeException($"the Dockerfile {dockerfile} must be within the build context {directory}");
            }
            if (extra is var (name, text))
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
        }
        archive.Position = 0;
        return archive;
    }

    private static void Add(TarWriter tar, string directory, string prefix, IgnoreFile ignored)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var name = prefix + entry.Name;
            var isDirectory = entry is DirectoryInfo && entry.LinkTarget is null;
            if (ignored.Excludes(name) && !(isDirectory && ignored.HasExceptions))
            {
                continue;
            }
            // Sockets and the like cannot be packed and have no meaning for a build.
            if (entry.LinkTarget is not null || isDirectory || (entry.Attributes & FileAttributes.Device) == 0)
            {
                if (!ignored.Excludes(name))
                {
                    tar.WriteEntry(entry.FullName, name);
                }
            }
            if (isDirectory)
            {
                Add(tar, entry.FullName, name + "/", ignored);
            }
        }
    }
}
