using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/wait.h
public static partial class Libc
{
    public const int WNOHANG = 1, WEXITED = 4, WNOWAIT = 0x1000000;
    public const int P_ALL = 0, P_PID = 1, P_PIDFD = 3;
    public const int CLD_EXITED = 1, CLD_KILLED = 2, CLD_DUMPED = 3;

    /// <summary>The part of siginfo_t that waitid(2) fills, 128 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct siginfo_t
    {
        [FieldOffset(0)] public int si_signo;
        [FieldOffset(8)] public int si_code;
        [FieldOffset(16)] public int si_pid;
        [FieldOffset(20)] public uint si_uid;
        [FieldOffset(24)] public int si_status;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int waitid(int type, int id, ref siginfo_t info, int options);

    /// <summary>Waits for a child by pidfd and reaps it unless WNOWAIT is given. Null: WNOHANG was given and it runs still.</summary>
    public static WaitResult? Wait(FileDescriptor pidfd, int options = WEXITED) => Wait(P_PIDFD, pidfd.Number, options);

    /// <summary>Waits for a child by pid and reaps it unless WNOWAIT is given. Null: WNOHANG was given and it runs still.</summary>
    public static WaitResult? WaitPid(int pid, int options = WEXITED) => Wait(P_PID, pid, options);

    private static WaitResult? Wait(int type, int id, int options)
    {
        siginfo_t info = default;
        int result;
        while ((result = waitid(type, id, ref info, options)) < 0 && LastErrno == Errno.EINTR) { }
        Check(result, "waitid");
        return info.si_pid == 0 ? null : new WaitResult(info.si_pid, info.si_code, info.si_status);
    }
}
