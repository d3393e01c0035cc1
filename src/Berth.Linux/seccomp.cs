using System.Runtime.InteropServices;

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

    private static nint SYS_seccomp => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 277 : 317;

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint seccomp(nint number, nint operation, nint flags, in sock_fprog program);

    /// <summary>Puts the calling thread alone under a filter, given as <see cref="sock_filter"/> bytes; it stays for the thread's life.</summary>
    public static unsafe void InstallSeccompFilter(ReadOnlySpan<byte> instructions, uint flags = 0)
    {
        // SAFETY: the instructions stay pinned during the call, and their count is derived from the span.
        fixed (byte* first = instructions)
        {
            sock_fprog program = new() { len = (ushort)(instructions.Length / sizeof(sock_filter)), filter = (nint)first };
            Check(seccomp(SYS_seccomp, (nint)SECCOMP_SET_MODE_FILTER, (nint)flags, in program), "seccomp", "SECCOMP_SET_MODE_FILTER");
        }
    }
}
