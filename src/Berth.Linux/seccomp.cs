namespace Berth.Linux;

// linux/seccomp.h, linux/filter.h
public static partial class Libc
{
    public const uint SECCOMP_SET_MODE_FILTER = 1, SECCOMP_FILTER_FLAG_TSYNC = 1, SECCOMP_FILTER_FLAG_LOG = 2, SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4;
    public const uint SECCOMP_RET_KILL_PROCESS = 0x80000000, SECCOMP_RET_KILL_THREAD = 0, SECCOMP_RET_TRAP = 0x30000, SECCOMP_RET_ERRNO = 0x50000,
        SECCOMP_RET_USER_NOTIF = 0x7fc00000, SECCOMP_RET_TRACE = 0x7ff00000, SECCOMP_RET_LOG = 0x7ffc0000, SECCOMP_RET_ALLOW = 0x7fff0000;

    /// <summary>One instruction of a classic BPF program.</summary>
    public struct sock_filter
    {
        public ushort code;
        public byte jt, jf;
        public uint k;
    }

    /// <summary>A classic BPF program: count and address of its instructions.</summary>
    public struct sock_fprog
    {
        public ushort len;
        public nint filter;
    }
}
