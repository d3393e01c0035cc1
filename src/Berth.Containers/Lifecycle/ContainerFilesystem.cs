using Berth.Containers.Rootfs;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Lifecycle;

/// <summary>Roots of containers as open directories, for copying, comparing and looking; paths below are to be opened with
/// <see cref="PathWalker"/>.</summary>
public static class ContainerFilesystem
{
    /// <summary>The file system of a container that does not run: a mount that stands nowhere and is gone when the descriptor closes.</summary>
    /// <exception cref="LinuxException">The layers cannot be mounted.</exception>
    public static FileDescriptor OpenRoot(RootfsSource rootfs) => DetachedMount.Root(rootfs);

    /// <summary>The root that a running container sees, with all its mounts.</summary>
    /// <param name="pid">Its first process.</param>
    /// <param name="pidFd">Handle of the same process: proves that the number still means it.</param>
    /// <exception cref="LinuxException">The container has ended (ESRCH).</exception>
    public static FileDescriptor OpenRunningRoot(int pid, FileDescriptor pidFd)
    {
        FileDescriptor root = Open($"/proc/{pid}/root", O_PATH | O_DIRECTORY);
        if (SendSignal(pidFd, 0)) return root;
        root.Dispose();
        throw new LinuxException("open", Errno.ESRCH, "the root of a container that has ended");
    }
}
