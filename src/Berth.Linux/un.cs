using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux;

// sys/un.h: connecting to a unix socket without loading System.Net.Sockets, for programs whose start must be short
public static partial class Libc
{
    public const int SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2;

    /// <summary>Longest path of a unix socket in bytes (sun_path holds a closing zero as well).</summary>
    public const int MaxSocketPath = 107;

    [LibraryImport(Library, SetLastError = true)]
    private static partial int connect(FileDescriptor fd, ReadOnlySpan<byte> address, uint length);

    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    private static partial int shutdown_how(FileDescriptor fd, int how);

    /// <summary>Connects a new stream socket to the unix socket at <paramref name="path"/>.</summary>
    public static FileDescriptor ConnectUnix(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Span<byte> address = stackalloc byte[2 + MaxSocketPath + 1];
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)AF_UNIX);
        if (Encoding.UTF8.GetByteCount(path) > MaxSocketPath)
        {
            throw new LinuxException("connect", Errno.ENAMETOOLONG, path);
        }
        var length = Encoding.UTF8.GetBytes(path, address[2..]);
        var socket = OpenSocket(AF_UNIX, SOCK_STREAM);
        try
        {
            Check(connect(socket, address, (uint)(2 + length + 1)), "connect", path);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Ends one or both directions (SHUT_*) of a connected socket; a peer that is gone already is no error.</summary>
    public static void ShutDown(FileDescriptor socket, int how) => _ = shutdown_how(socket, how);
}
