using Berth.Linux;

namespace Berth.Engine;

/// <summary>Bytes of the files below a directory.</summary>
internal static class DirectorySize
{
    private const int MaxDepth = 4096;

    public static long Measure(string path)
    {
        if (!Directory.Exists(path))
            return 0;
        using FileDescriptor root = Libc.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        return Measure(root, 0);
    }

    private static long Measure(FileDescriptor directory, int depth)
    {
        long sum = 0;
        foreach (DirectoryEntry entry in Libc.ReadDirectory(directory))
        {
            if (Libc.TryStatAt(directory, entry.Name, out Libc.statx status) != Errno.None)
                continue;
            if (status.IsRegularFile)
                sum += (long)status.stx_size;
            if (!status.IsDirectory || depth > MaxDepth)
                continue;
            using FileDescriptor? child = Libc.TryOpenAt(directory, entry.Name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0, out _);
            if (child is not null)
                sum += Measure(child, depth + 1);
        }
        return sum;
    }
}
