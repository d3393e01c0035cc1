using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/epoll.h, sys/eventfd.h, poll.h
public static partial class Libc
{
    public const uint EPOLLIN = 1, EPOLLOUT = 4, EPOLLERR = 8, EPOLLHUP = 16, EPOLLRDHUP = 0x2000, EPOLLONESHOT = 1u << 30, EPOLLET = 1u << 31;
    public const int EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3;
    public const short POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32;

    /// <summary>Packed on x86-64 (12 bytes).</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct epoll_event
    {
        public uint events;
        public ulong data;
    }

    public struct pollfd
    {
        public int fd;
        public short events, revents;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial FileDescriptor epoll_create1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int epoll_ctl(FileDescriptor epoll, int operation, FileDescriptor fd, in epoll_event value);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int epoll_wait(FileDescriptor epoll, Span<epoll_event> events, int count, int timeout);

    [LibraryImport(Library, SetLastError = true)]
    private static partial FileDescriptor eventfd(uint initial, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static unsafe partial int poll(pollfd* fds, nuint count, int timeout);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int ppoll(Span<pollfd> fds, nuint count, in timespec timeout, nint signals);

    public static FileDescriptor OpenEpoll() => Check(epoll_create1(O_CLOEXEC), "epoll_create1");

    /// <summary>Adds, changes or removes interest in a descriptor; <paramref name="data"/> comes back with its events.</summary>
    public static void ControlEpoll(FileDescriptor epoll, int operation, FileDescriptor fd, uint events = 0, ulong data = 0)
    {
        epoll_event value = new() { events = events, data = data };
        Check(epoll_ctl(epoll, operation, fd, in value), "epoll_ctl");
    }

    /// <summary>Waits for events; −1 milliseconds waits for ever. Interrupted waits answer 0.</summary>
    public static int WaitEpoll(FileDescriptor epoll, Span<epoll_event> events, int timeoutMilliseconds)
    {
        int count = epoll_wait(epoll, events, events.Length, timeoutMilliseconds);
        return count < 0 && LastErrno == Errno.EINTR ? 0 : Check(count, "epoll_wait");
    }

    /// <summary>An eventfd, close-on-exec and non-blocking.</summary>
    public static FileDescriptor OpenEvent() => Check(eventfd(0, O_CLOEXEC | O_NONBLOCK), "eventfd");

    /// <summary>Adds one to an eventfd, waking its readers.</summary>
    public static void SignalEvent(FileDescriptor fd) => TryWrite(fd, [1, 0, 0, 0, 0, 0, 0, 0]);

    /// <summary>Waits until one of the descriptors is ready; −1 milliseconds waits for ever. Interrupted waits answer 0.</summary>
    // An array: code for a span of a struct of our own cannot be compiled ahead of time, and the command line's start is waited for.
    public static unsafe int Poll(pollfd[] fds, int timeoutMilliseconds)
    {
        // SAFETY: the array is pinned during the call, and the kernel writes fds.Length entries at most.
        fixed (pollfd* entries = fds)
        {
            int count = poll(entries, (nuint)fds.Length, timeoutMilliseconds);
            return count < 0 && LastErrno == Errno.EINTR ? 0 : Check(count, "poll");
        }
    }

    /// <summary>Waits as <see cref="Poll"/> does, at most that many nanoseconds.</summary>
    public static int PollPrecise(Span<pollfd> fds, ulong nanoseconds)
    {
        var timeout = new timespec { tv_sec = (long)(nanoseconds / 1_000_000_000), tv_nsec = (long)(nanoseconds % 1_000_000_000) };
        int count = ppoll(fds, (nuint)fds.Length, in timeout, 0);
        return count < 0 && LastErrno == Errno.EINTR ? 0 : Check(count, "ppoll");
    }
}
