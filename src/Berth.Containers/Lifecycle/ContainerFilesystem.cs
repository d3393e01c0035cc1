using Berth.Containers.Processes;
using Berth.Containers.Rootfs;
using Berth.Containers.Spec;
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

    /// <summary>Owner and group that <c>user[:group]</c> means by the passwd and group files of a root. A user's number without a group is the
    /// group's number too.</summary>
    /// <exception cref="ContainerStartException">The root has no such user or group.</exception>
    public static (uint Uid, uint Gid) ResolveOwner(FileDescriptor root, string owner)
    {
        if (uint.TryParse(owner, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out uint number) && number < uint.MaxValue)
            return (number, number);
        Identity identity = UserLookup.Resolve(root, owner, new UserSpec(), []);
        return (identity.Uid, identity.Gid);
    }

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
