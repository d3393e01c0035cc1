using Berth.Linux;

namespace Berth.Containers.Cgroups;

/// <summary>
/// How a new process gets in: <see cref="Directory"/> goes to clone3's CLONE_INTO_CGROUP, and the still single-threaded child writes
/// <c>0</c> into each of <see cref="TaskFiles"/> before anything else.
/// </summary>
public sealed class CgroupEntry(FileDescriptor? directory, IReadOnlyList<FileDescriptor> taskFiles) : IDisposable
{
    /// <summary>The cgroup2 directory, or null when there is no cgroup2.</summary>
    public FileDescriptor? Directory { get; } = directory;

    /// <summary>
    /// The <c>tasks</c> file of each v1 hierarchy, open for writing. A thread that moves itself alone skips the kernel's
    /// global lock on forking, which <c>cgroup.procs</c> would take.
    /// </summary>
    public IReadOnlyList<FileDescriptor> TaskFiles { get; } = taskFiles;

    /// <summary>Closes all of them.</summary>
    public void Dispose()
    {
        Directory?.Dispose();
        foreach (FileDescriptor file in TaskFiles)
            file.Dispose();
    }
}
