using System.Runtime.InteropServices;

namespace Berth.Linux;

// signal.h, sys/signalfd.h
public static partial class Libc
{
    public const int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGUSR1 = 10,
        SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20,
        SIGTTIN = 21, SIGTTOU = 22, SIGWINCH = 28, SIGSYS = 31;
    public const int SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2;

    /// <summary>The first real-time signal that the C library leaves to programs.</summary>
    public const int SIGRTMIN = 34;

    /// <summary>The C library's struct sigaction.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 152)]
    private struct sigaction_t
    {
        [FieldOffset(0)] public nint sa_handler;
        [FieldOffset(136)] public int sa_flags;
    }

    private const int SA_NOCLDSTOP = 1;

    [LibraryImport(Library, SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int tgkill(int process, int thread, int signal);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int sigaction(int signal, in sigaction_t action, nint old);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int sigaction(int signal, nint action, out sigaction_t old);

    private static nint s_emptyHandler;

    /// <summary>Makes a signal do nothing but interrupt the system call that its thread waits in; calls are not restarted. No managed code runs.</summary>
    public static void InstallInterruptingSignal(int signal)
    {
        lock (s_currentDirectory)
        {
            if (s_emptyHandler == 0) s_emptyHandler = MapCode([0xC3]); // ret
            sigaction_t action = new() { sa_handler = s_emptyHandler };
            Check(sigaction(signal, in action, 0), "sigaction");
        }
    }

    /// <summary>Has no SIGCHLD sent when a child merely stops; who handles those that end stays as it is.</summary>
    public static void IgnoreStoppedChildren()
    {
        Check(sigaction(SIGCHLD, 0, out sigaction_t action), "sigaction");
        action.sa_flags |= SA_NOCLDSTOP;
        Check(sigaction(SIGCHLD, in action, 0), "sigaction");
    }

    /// <summary>Sends a signal to one thread of this process; one that has ended is no error.</summary>
    public static void SignalThread(int thread, int signal)
    {
        if (tgkill(Environment.ProcessId, thread, signal) != 0 && LastErrno != Errno.ESRCH) throw new LinuxException("tgkill", LastErrno);
    }

    /// <summary>Sends a signal by pid (a negative one names a process group); false when there is no such process.</summary>
    public static bool SendSignal(int pid, int signal)
    {
        if (kill(pid, signal) == 0) return true;
        Errno errno = LastErrno;
        return errno == Errno.ESRCH ? false : throw new LinuxException("kill", errno, $"{pid}");
    }
}
