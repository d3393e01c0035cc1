using System.Runtime.InteropServices;

namespace Berth.Linux;

// linux/pidfd.h
public static partial class Libc
{
    public const ulong PIDFD_INFO_PID = 1, PIDFD_INFO_CREDS = 2, PIDFD_INFO_CGROUPID = 4, PIDFD_INFO_EXIT = 8;

    private const nint SYS_pidfd_send_signal = 424, SYS_pidfd_open = 434;
    private const nuint PIDFD_GET_INFO = 0xC040FF0B; // _IOWR(0xFF, 11, 64 bytes: version 0 of the structure)

    /// <summary>First published version of the structure, 64 bytes.</summary>
    public struct pidfd_info
    {
        public ulong mask, cgroupid;
        public uint pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
        public int exit_code;
    }

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint pidfd_open(nint number, nint pid, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint pidfd_send_signal(nint number, FileDescriptor pidfd, nint signal, nint info, nint flags);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_pidfd_info(FileDescriptor fd, nuint request, ref pidfd_info info);

    /// <summary>A pidfd of a running process (or of one not yet reaped).</summary>
    public static FileDescriptor OpenProcess(int pid) => new((int)Check(pidfd_open(SYS_pidfd_open, pid, 0), "pidfd_open", $"{pid}"));

    /// <summary>As <see cref="OpenProcess"/>; null when there is no such process.</summary>
    public static FileDescriptor? TryOpenProcess(int pid)
    {
        nint fd = pidfd_open(SYS_pidfd_open, pid, 0);
        return fd >= 0 ? new FileDescriptor((int)fd) : null;
    }

    /// <summary>Sends a signal; false when the process is gone already.</summary>
    public static bool SendSignal(FileDescriptor pidfd, int signal)
    {
        if (pidfd_send_signal(SYS_pidfd_send_signal, pidfd, signal, 0, 0) >= 0) return true;
        Errno errno = LastErrno;
        return errno == Errno.ESRCH ? false : throw new LinuxException("pidfd_send_signal", errno);
    }

    /// <summary>Wait status of an ended process that someone else reaped (kernel 6.15 on); null when it runs still or the kernel cannot say.</summary>
    public static int? ExitStatus(FileDescriptor pidfd)
    {
        pidfd_info info = new() { mask = PIDFD_INFO_EXIT };
        return ioctl_pidfd_info(pidfd, PIDFD_GET_INFO, ref info) < 0 || (info.mask & PIDFD_INFO_EXIT) == 0 ? null : info.exit_code;
    }
}
