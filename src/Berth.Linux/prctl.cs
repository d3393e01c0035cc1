using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/prctl.h, linux/prctl.h, linux/securebits.h
public static partial class Libc
{
    public const int PR_SET_PDEATHSIG = 1, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4, PR_SET_KEEPCAPS = 8, PR_SET_NAME = 15,
        PR_CAPBSET_DROP = 24, PR_SET_TIMERSLACK = 29, PR_SET_NO_NEW_PRIVS = 38, PR_CAP_AMBIENT = 47,
        PR_CAP_AMBIENT_RAISE = 2, PR_CAP_AMBIENT_CLEAR_ALL = 4;

    [LibraryImport(Library, SetLastError = true)]
    private static partial int prctl(int option, nuint a2, nuint a3, nuint a4, nuint a5);

    /// <summary>Whether others may trace this process and read its memory through /proc.</summary>
    public static bool Dumpable
    {
        get => Check(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), "prctl", "PR_GET_DUMPABLE") == 1;
        set => Check(prctl(PR_SET_DUMPABLE, value ? 1u : 0u, 0, 0, 0), "prctl", "PR_SET_DUMPABLE");
    }

    /// <summary>How late the kernel may wake the calling thread from a timed sleep, in nanoseconds.</summary>
    public static void SetTimerSlack(uint nanoseconds) => Check(prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0), "prctl", "PR_SET_TIMERSLACK");
}
