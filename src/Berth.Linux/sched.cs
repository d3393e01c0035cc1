using System.Runtime.InteropServices;

namespace Berth.Linux;

// sched.h, linux/sched.h
public static partial class Libc
{
    public const ulong CLONE_NEWTIME = 0x80, CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400, CLONE_PIDFD = 0x1000, CLONE_VFORK = 0x4000, CLONE_PARENT_SETTID = 0x100000,
        CLONE_NEWNS = 0x20000, CLONE_NEWCGROUP = 0x2000000, CLONE_NEWUTS = 0x4000000, CLONE_NEWIPC = 0x8000000, CLONE_NEWUSER = 0x10000000,
        CLONE_NEWPID = 0x20000000, CLONE_NEWNET = 0x40000000, CLONE_CLEAR_SIGHAND = 0x100000000, CLONE_INTO_CGROUP = 0x200000000;

    /// <summary>Argument of clone3(2), version 2 (88 bytes).</summary>
    public struct clone_args
    {
        public ulong flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int setns(FileDescriptor fd, int type);

    /// <summary>Gives the calling thread namespaces of its own.</summary>
    public static void Unshare(ulong flags) => Check(unshare((int)flags), "unshare", $"0x{flags:x}");

    /// <summary>Moves the calling thread into a namespace, or into several of a process given by its pidfd.</summary>
    public static void EnterNamespace(FileDescriptor fd, ulong type, string? subject = null) => Check(setns(fd, (int)type), "setns", subject);
}
