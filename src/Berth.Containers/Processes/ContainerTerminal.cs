using Berth.Containers.Lifecycle;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Processes;

/// <summary>Opens a terminal in the devpts of a running container, which may have put anything at that path: what is opened is checked
/// to be the multiplexer of a devpts before it is opened for use.</summary>
internal static class ContainerTerminal
{
    public static (FileDescriptor Master, FileDescriptor Peer) Open(FileDescriptor root)
    {
        using FileDescriptor path = PathWalker.OpenBeneath(root, "dev/pts/ptmx", O_PATH | O_NOFOLLOW);
        statx attributes = Stat(path);
        if (attributes.FileType != S_IFCHR || attributes.DeviceNumber != makedev(5, 2) || StatFileSystem(path).f_type != DEVPTS_SUPER_MAGIC)
            throw ContainerStartException.Because("/dev/pts/ptmx in the container is not a pty multiplexer", "console");
        FileDescriptor master = Libc.Open(path.ProcPath, O_RDWR | O_NOCTTY);
        try
        {
            return (master, OpenPtyPeer(master));
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }
}
