using Berth.Containers.Lifecycle;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Rootfs;

/// <summary>Makes /proc of a pid namespace that others live in already, without entering it.</summary>
internal static class ProcMount
{
    private const ulong ProcRootInode = 1;

    /// <param name="pidNamespace">The namespace.</param>
    /// <param name="path">Its path, <c>/proc/PID/ns/pid</c>: on kernels before 6.17 that process's own /proc is taken.</param>
    /// <param name="attributes">MOUNT_ATTR_*.</param>
    public static FileDescriptor Of(FileDescriptor pidNamespace, string path, ulong attributes)
    {
        using FileDescriptor context = OpenFileSystem("proc");
        ConfigureString(context, "source", "proc");
        if (TryConfigureDescriptor(context, "pidns", pidNamespace) == Errno.None)
        {
            CreateFileSystem(context, "proc");
            return MountFileSystem(context, attributes);
        }
        string[] parts = path.Split('/');
        if (parts is not ["", "proc", var process, "ns", "pid"] || !process.All(char.IsAsciiDigit))
            throw ContainerStartException.Because($"linux.namespaces: {path} must be /proc/PID/ns/pid on this kernel", "mount /proc");
        // Whatever stands there must be the root of a procfs: then it is one of that process's namespace, or of one below.
        using FileDescriptor proc = Open($"/proc/{process}/root/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW);
        if (StatFileSystem(proc).f_type != PROC_SUPER_MAGIC || Stat(proc).stx_ino != ProcRootInode)
            throw ContainerStartException.Because("/proc of the container to join is not procfs", "mount /proc");
        FileDescriptor copy = OpenTree(proc, "", OPEN_TREE_CLONE);
        SetMountAttributes(copy, attributes, 0, MS_PRIVATE);
        return copy;
    }
}
