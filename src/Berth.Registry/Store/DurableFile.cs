using Berth.Linux;

namespace Berth.Registry.Store;

/// <summary>Small files that are there whole or not at all, after a crash too.</summary>
internal static class DurableFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Writes a file beside, flushes it, and renames it to its place.</summary>
    public static void Write(RegistryPaths paths, string path, ReadOnlySpan<byte> content)
    {
        string staging = paths.NewStaging();
        using (FileDescriptor file = Libc.Open(staging, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, 0x180 /* 0600 */))
        {
            Libc.WriteAll(file, content);
            Libc.Sync(file);
        }
        Move(staging, path);
    }

    /// <summary>Renames a flushed file to its place, whose folder is made when it is missing.</summary>
    public static void Move(string from, string to)
    {
        string folder = Path.GetDirectoryName(to)!;
        CreateFolder(folder);
        Libc.RenameAt(null, from, null, to);
        SyncFolder(folder);
    }

    /// <summary>Removes a file; false when there was none.</summary>
    public static bool Remove(string path)
    {
        if (Libc.TryUnlinkAt(null, path) != 0)
        {
            return false;
        }
        SyncFolder(Path.GetDirectoryName(path)!);
        return true;
    }

    /// <summary>Makes a folder and those above it, each flushed into the one above.</summary>
    public static void CreateFolder(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }
        string above = Path.GetDirectoryName(path)!;
        CreateFolder(above);
        Directory.CreateDirectory(path, Private);
        SyncFolder(above);
    }

    private static void SyncFolder(string path)
    {
        using FileDescriptor folder = Libc.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        Libc.Sync(folder);
    }
}
