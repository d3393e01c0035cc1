using System.Runtime.CompilerServices;
using static Berth.Linux.Libc;

namespace Berth.Linux.Tests;

/// <summary>Sizes and constants compared with the C headers of this machine; skipped where no C compiler is installed.</summary>
public sealed class StructLayoutTests
{
    private static readonly (string C, long Value)[] s_expected =
    [
        ("sizeof(struct statx)", Unsafe.SizeOf<statx>()),
        ("sizeof(struct open_how)", Unsafe.SizeOf<open_how>()),
        ("sizeof(struct clone_args)", Unsafe.SizeOf<clone_args>()),
        ("sizeof(struct epoll_event)", Unsafe.SizeOf<epoll_event>()),
        ("sizeof(struct pollfd)", Unsafe.SizeOf<pollfd>()),
        ("sizeof(struct msghdr)", Unsafe.SizeOf<msghdr>()),
        ("sizeof(struct cmsghdr)", Unsafe.SizeOf<cmsghdr>()),
        ("sizeof(struct iovec)", Unsafe.SizeOf<iovec>()),
        ("sizeof(struct ucred)", Unsafe.SizeOf<ucred>()),
        ("sizeof(struct statfs)", Unsafe.SizeOf<statfs>()),
        ("sizeof(struct winsize)", Unsafe.SizeOf<winsize>()),
        ("sizeof(struct rlimit)", Unsafe.SizeOf<rlimit>()),
        ("sizeof(struct mount_attr)", Unsafe.SizeOf<mount_attr>()),
        ("sizeof(siginfo_t)", Unsafe.SizeOf<siginfo_t>()),
        ("sizeof(struct sock_filter)", 8),
        ("offsetof(struct statx, stx_mode)", 28),
        ("offsetof(struct statx, stx_atime)", 64),
        ("offsetof(struct statx, stx_rdev_major)", 128),
        ("offsetof(struct statx, stx_mnt_id)", 144),
        ("offsetof(siginfo_t, si_status)", 24),
        ("offsetof(siginfo_t, si_pid)", 16),
        ("O_PATH", O_PATH), ("O_DIRECTORY", O_DIRECTORY), ("O_NOFOLLOW", O_NOFOLLOW), ("O_TMPFILE", O_TMPFILE), ("O_CLOEXEC", O_CLOEXEC),
        ("RESOLVE_IN_ROOT", (long)RESOLVE_IN_ROOT), ("RESOLVE_BENEATH", (long)RESOLVE_BENEATH), ("RESOLVE_NO_SYMLINKS", (long)RESOLVE_NO_SYMLINKS),
        ("MS_SLAVE", (long)MS_SLAVE), ("MS_PRIVATE", (long)MS_PRIVATE), ("MS_SHARED", (long)MS_SHARED), ("MNT_DETACH", MNT_DETACH),
        ("CLONE_NEWPID", (long)CLONE_NEWPID), ("CLONE_NEWTIME", (long)CLONE_NEWTIME), ("CLONE_CLEAR_SIGHAND", (long)CLONE_CLEAR_SIGHAND),
        ("CLONE_INTO_CGROUP", (long)CLONE_INTO_CGROUP), ("CLONE_PIDFD", (long)CLONE_PIDFD),
        ("TIOCSCTTY", (long)TIOCSCTTY), ("SCM_RIGHTS", SCM_RIGHTS), ("MSG_CMSG_CLOEXEC", MSG_CMSG_CLOEXEC), ("SO_PEERCRED", SO_PEERCRED),
        ("MOUNT_ATTR_IDMAP", (long)MOUNT_ATTR_IDMAP), ("MOUNT_ATTR_RDONLY", (long)MOUNT_ATTR_RDONLY), ("MOUNT_ATTR__ATIME", (long)MOUNT_ATTR__ATIME),
        ("PR_CAP_AMBIENT", PR_CAP_AMBIENT), ("PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS), ("PR_SET_DUMPABLE", PR_SET_DUMPABLE),
        ("SECCOMP_RET_ALLOW", SECCOMP_RET_ALLOW), ("IN_CLOSE_WRITE", IN_CLOSE_WRITE), ("RLIMIT_NOFILE", RLIMIT_NOFILE), ("P_PIDFD", P_PIDFD),
        ("__NR_clone3", 435), ("__NR_close_range", 436), ("__NR_openat2", 437), ("__NR_mount_setattr", 442), ("__NR_pivot_root", 155),
        ("__NR_setns", 308), ("__NR_seccomp", 317), ("__NR_execve", 59), ("__NR_prlimit64", 302), ("__NR_capset", 126), ("__NR_keyctl", 250),
    ];

    [Fact]
    public void Layouts_MatchTheCHeaders() => CHeaders.AssertEqual(
        [
            "stddef.h",
            "fcntl.h",
            "signal.h",
            "poll.h",
            "sched.h",
            "sys/epoll.h",
            "sys/inotify.h",
            "sys/ioctl.h",
            "sys/prctl.h",
            "sys/resource.h",
            "sys/socket.h",
            "sys/stat.h",
            "sys/syscall.h",
            "sys/uio.h",
            "sys/vfs.h",
            "sys/wait.h",
            "linux/filter.h",
            "linux/mount.h",
            "sys/mount.h",
            "linux/openat2.h",
            "linux/sched.h",
            "linux/seccomp.h",
        ],
        s_expected);
}
