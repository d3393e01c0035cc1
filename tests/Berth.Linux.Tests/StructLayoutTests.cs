using System.Runtime.CompilerServices;
using Berth.Linux.Routing;
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
        ("RTM_NEWLINK", RouteSocket.RTM_NEWLINK), ("RTM_DELLINK", RouteSocket.RTM_DELLINK), ("RTM_GETLINK", RouteSocket.RTM_GETLINK), ("RTM_SETLINK", RouteSocket.RTM_SETLINK),
        ("RTM_NEWADDR", RouteSocket.RTM_NEWADDR), ("RTM_NEWROUTE", RouteSocket.RTM_NEWROUTE), ("RTM_GETROUTE", RouteSocket.RTM_GETROUTE),
        ("NLM_F_ACK", RouteSocket.NLM_F_ACK), ("NLM_F_DUMP", RouteSocket.NLM_F_DUMP), ("NLM_F_EXCL", RouteSocket.NLM_F_EXCL), ("NLM_F_CREATE", RouteSocket.NLM_F_CREATE),
        ("IFLA_MASTER", RouteSocket.IFLA_MASTER), ("IFLA_LINKINFO", RouteSocket.IFLA_LINKINFO), ("IFLA_AF_SPEC", RouteSocket.IFLA_AF_SPEC), ("IFLA_NET_NS_FD", RouteSocket.IFLA_NET_NS_FD),
        ("IFLA_INFO_DATA", RouteSocket.IFLA_INFO_DATA), ("VETH_INFO_PEER", RouteSocket.VETH_INFO_PEER), ("IFLA_INET6_ADDR_GEN_MODE", RouteSocket.IFLA_INET6_ADDR_GEN_MODE),
        ("IFA_LOCAL", RouteSocket.IFA_LOCAL), ("IFA_BROADCAST", RouteSocket.IFA_BROADCAST), ("IFA_F_NODAD", RouteSocket.IFA_F_NODAD),
        ("RTA_OIF", RouteSocket.RTA_OIF), ("RTA_GATEWAY", RouteSocket.RTA_GATEWAY), ("RT_TABLE_MAIN", RouteSocket.RT_TABLE_MAIN), ("RTPROT_BOOT", RouteSocket.RTPROT_BOOT),
        ("TUNSETIFF", (long)TUNSETIFF), ("IFF_TAP", IFF_TAP), ("IFF_NO_PI", IFF_NO_PI),
        ("sizeof(struct ifinfomsg)", 16), ("sizeof(struct ifaddrmsg)", 8), ("sizeof(struct rtmsg)", 12), ("sizeof(struct nlmsghdr)", 16), ("sizeof(struct ifreq)", 40),
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
            "linux/if.h",
            "linux/if_addr.h",
            "linux/if_link.h",
            "linux/if_tun.h",
            "linux/rtnetlink.h",
            "linux/veth.h",
            "linux/mount.h",
            "sys/mount.h",
            "linux/openat2.h",
            "linux/sched.h",
            "linux/seccomp.h",
        ],
        s_expected);
}
