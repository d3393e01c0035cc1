namespace Berth.Linux.Launch;

/// <summary>Numbers of the calls that children make. [asm/unistd_64.h]</summary>
public static class SystemCall
{
    public const nint read = 0, write = 1, close = 3, mmap = 9, madvise = 28, fcntl = 72, fchown = 93, execveat = 322, rt_sigaction = 13, rt_sigprocmask = 14, ioctl = 16, dup2 = 33, socket = 41, getcwd = 79,
        chdir = 80, fchdir = 81, umask = 95, setgroups = 116, setresuid = 117, setresgid = 119, setsid = 112, capset = 126, mount = 165,
        personality = 135, pivot_root = 155, prctl = 157, umount2 = 166, sethostname = 170, setdomainname = 171, execve = 59,
        keyctl = 250, openat = 257, unshare = 272, dup3 = 292, prlimit64 = 302, setns = 308, seccomp = 317,
        open_tree = 428, move_mount = 429, fsopen = 430, fsconfig = 431, fsmount = 432, close_range = 436, openat2 = 437, mount_setattr = 442;

    /// <summary>No call of the kernel: where a <see cref="CallProgram"/> forks.</summary>
    public const nint fork = -2;
}
