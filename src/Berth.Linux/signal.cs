using System.Runtime.InteropServices;

namespace Berth.Linux;

// signal.h, sys/signalfd.h
public static partial class Libc
{
    public const int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGUSR1 = 10,
        SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20,
        SIGTTIN = 21, SIGTTOU = 22, SIGWINCH = 28, SIGSYS = 31;
    public const int SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2;

    [LibraryImport(Library, SetLastError = true)]
    private static partial int kill(int pid, int signal);

    /// <summary>Sends a signal by pid (a negative one names a process group); false when there is no such process.</summary>
    public static bool SendSignal(int pid, int signal)
    {
        if (kill(pid, signal) == 0) return true;
        Errno errno = LastErrno;
        return errno == Errno.ESRCH ? false : throw new LinuxException("kill", errno, $"{pid}");
    }
}
