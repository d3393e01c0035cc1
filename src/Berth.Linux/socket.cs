using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/socket.h: what System.Net.Sockets lacks, above all passing descriptors (SCM_RIGHTS)
public static partial class Libc
{
    public const int AF_UNIX = 1, AF_INET = 2, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_SEQPACKET = 5, SOCK_CLOEXEC = 0x80000, SOCK_NONBLOCK = 0x800;
    public const int SOL_SOCKET = 1, SCM_RIGHTS = 1, SO_PEERCRED = 17;
    public const int MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000, MSG_CMSG_CLOEXEC = 0x40000000, MSG_CTRUNC = 8;

    /// <summary>Most descriptors one message may carry (the kernel's SCM_MAX_FD is 253).</summary>
    public const int MaxPassedDescriptors = 32;

    public struct iovec
    {
        public nint iov_base;
        public nint iov_len;
    }

    public struct msghdr
    {
        public nint msg_name;
        public uint msg_namelen;
        public nint msg_iov;
        public nint msg_iovlen;
        public nint msg_control;
        public nint msg_controllen;
        public int msg_flags;
    }

    public struct cmsghdr
    {
        public nint cmsg_len;
        public int cmsg_level, cmsg_type;
    }

    public struct ucred
    {
        public int pid;
        public uint uid, gid;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint sendmsg(SafeHandle fd, ref msghdr message, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint recvmsg(SafeHandle fd, ref msghdr message, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int getsockopt(SafeHandle fd, int level, int name, ref ucred value, ref uint length);

    /// <summary>An unconnected socket, close-on-exec.</summary>
    // A number, not a handle made by the marshaller: that goes by reflection, which the command line's start would wait for.
    public static FileDescriptor OpenSocket(int domain, int type) => new(Check(socket(domain, type | SOCK_CLOEXEC, 0), "socket"));

    /// <summary>Process, user and group of the peer of a connected unix socket.</summary>
    public static ucred PeerCredentials(SafeHandle socket)
    {
        ucred credentials = default;
        uint length = 12;
        Check(getsockopt(socket, SOL_SOCKET, SO_PEERCRED, ref credentials, ref length), "getsockopt", "SO_PEERCRED");
        return credentials;
    }

    /// <summary>Sends bytes (at least one) with descriptors on a unix socket; returns the count of bytes sent. EAGAIN throws.</summary>
    public static unsafe int SendDescriptors(SafeHandle socket, ReadOnlySpan<byte> data, ReadOnlySpan<int> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, MaxPassedDescriptors);
        ArgumentOutOfRangeException.ThrowIfZero(data.Length);
        byte* control = stackalloc byte[sizeof(cmsghdr) + MaxPassedDescriptors * sizeof(int)];
        nint result;
        // SAFETY: data is pinned for the call; the control buffer holds one header and at most MaxPassedDescriptors numbers.
        fixed (byte* bytes = data)
        {
            iovec vector = new() { iov_base = (nint)bytes, iov_len = data.Length };
            msghdr message = new() { msg_iov = (nint)(&vector), msg_iovlen = 1 };
            if (!descriptors.IsEmpty)
            {
                nint length = sizeof(cmsghdr) + descriptors.Length * sizeof(int);
                *(cmsghdr*)control = new cmsghdr { cmsg_len = length, cmsg_level = SOL_SOCKET, cmsg_type = SCM_RIGHTS };
                descriptors.CopyTo(new Span<int>(control + sizeof(cmsghdr), descriptors.Length));
                message.msg_control = (nint)control;
                message.msg_controllen = (length + 7) & ~7;
            }
            while ((result = sendmsg(socket, ref message, MSG_NOSIGNAL)) < 0 && LastErrno == Errno.EINTR) { }
        }
        return (int)Check(result, "sendmsg");
    }

    /// <summary>Receives bytes and descriptors (close-on-exec) from a unix socket; count 0 is the end.</summary>
    public static unsafe int ReceiveDescriptors(SafeHandle socket, Span<byte> data, out FileDescriptor[] descriptors)
    {
        int capacity = sizeof(cmsghdr) + MaxPassedDescriptors * sizeof(int);
        byte* control = stackalloc byte[capacity];
        nint result;
        msghdr message;
        // SAFETY: both buffers outlive the call and their true sizes are given to the kernel.
        fixed (byte* bytes = data)
        {
            iovec vector = new() { iov_base = (nint)bytes, iov_len = data.Length };
            message = new() { msg_iov = (nint)(&vector), msg_iovlen = 1, msg_control = (nint)control, msg_controllen = capacity };
            while ((result = recvmsg(socket, ref message, MSG_CMSG_CLOEXEC)) < 0 && LastErrno == Errno.EINTR) { }
        }
        Check(result, "recvmsg");
        descriptors = [];
        cmsghdr* header = (cmsghdr*)control;
        if (message.msg_controllen >= sizeof(cmsghdr) && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        {
            int* numbers = (int*)(control + sizeof(cmsghdr));
            descriptors = new FileDescriptor[(header->cmsg_len - sizeof(cmsghdr)) / sizeof(int)];
            for (int i = 0; i < descriptors.Length; i++) descriptors[i] = new FileDescriptor(numbers[i]);
        }
        return (int)result;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int bind(FileDescriptor fd, ReadOnlySpan<byte> address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int listen(FileDescriptor fd, int backlog);

    [LibraryImport(Library, SetLastError = true)]
    private static partial FileDescriptor accept4(FileDescriptor fd, nint address, nint length, int flags);

    /// <summary>A unix socket listening at <paramref name="path"/> (at most 107 bytes), close-on-exec and non-blocking.</summary>
    public static FileDescriptor ListenUnix(string path, int backlog)
    {
        Span<byte> address = stackalloc byte[110]; // struct sockaddr_un: u16 family, 108 bytes of path
        address.Clear();
        address[0] = AF_UNIX;
        if (System.Text.Encoding.UTF8.GetByteCount(path) > 107) throw new LinuxException("bind", Errno.ENAMETOOLONG, path);
        System.Text.Encoding.UTF8.GetBytes(path, address[2..]);
        FileDescriptor fd = OpenSocket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
        try
        {
            Check(bind(fd, address, (uint)address.Length), "bind", path);
            Check(listen(fd, backlog), "listen", path);
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>The next connection, close-on-exec and non-blocking; null when there is none or it cannot be had now.</summary>
    public static FileDescriptor? TryAccept(FileDescriptor listener)
    {
        FileDescriptor fd = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (!fd.IsInvalid) return fd;
        fd.Dispose();
        return null;
    }
}
