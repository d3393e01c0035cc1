using Berth.Linux;

namespace Berth.Engine.Machines;

/// <summary>Reads what a berth-vmm wrote into the directory that it owns.</summary>
internal static class MachineFiles
{
    /// <summary>A regular file; null when there is none. A link in its place is not followed: it could lead anywhere.</summary>
    /// <param name="directory">The machine's directory on the host.</param>
    /// <param name="place">Where its berth-vmm has the file.</param>
    public static FileStream? TryOpen(string directory, string place)
    {
        using FileDescriptor? file = Libc.TryOpenAt(null, MachinePlaces.OnHost(directory, place), Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK, 0, out _);
        return file is not null && Libc.Stat(file).IsRegularFile ? new FileStream(file.ProcPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) : null;
    }
}
