using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/resource.h
public static partial class Libc
{
    public const int RLIMIT_CPU = 0, RLIMIT_FSIZE = 1, RLIMIT_DATA = 2, RLIMIT_STACK = 3, RLIMIT_CORE = 4, RLIMIT_RSS = 5, RLIMIT_NPROC = 6,
        RLIMIT_NOFILE = 7, RLIMIT_MEMLOCK = 8, RLIMIT_AS = 9, RLIMIT_LOCKS = 10, RLIMIT_SIGPENDING = 11, RLIMIT_MSGQUEUE = 12,
        RLIMIT_NICE = 13, RLIMIT_RTPRIO = 14, RLIMIT_RTTIME = 15;
    public const ulong RLIM_INFINITY = ulong.MaxValue;

    public struct rlimit
    {
        public ulong rlim_cur, rlim_max;
    }

    [LibraryImport(Library, EntryPoint = "prlimit", SetLastError = true)]
    private static partial int prlimit_get(int pid, int resource, nint none, out rlimit old);

    /// <summary>The limits of this process for one resource.</summary>
    public static rlimit GetLimit(int resource)
    {
        Check(prlimit_get(0, resource, 0, out rlimit old), "prlimit");
        return old;
    }
}
