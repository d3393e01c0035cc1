using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux;

// linux/if_tun.h
public static partial class Libc
{
    internal const nuint TUNSETIFF = 0x400454CA;
    internal const short IFF_TAP = 2, IFF_NO_PI = 0x1000;

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_bytes(FileDescriptor fd, nuint request, Span<byte> argument);

    /// <summary>Makes a tap interface in the thread's network namespace. Each read and write of the descriptor is one Ethernet frame; the
    /// interface is gone when its last copy closes.</summary>
    /// <exception cref="LinuxException">ENOENT: no /dev/net/tun; EBUSY: the name is taken.</exception>
    public static FileDescriptor OpenTap(string name)
    {
        FileDescriptor tap = Open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
        try
        {
            Span<byte> request = stackalloc byte[40]; // struct ifreq
            request.Clear();
            Encoding.ASCII.GetBytes(name, request[..15]);
            BitConverter.TryWriteBytes(request[16..], (short)(IFF_TAP | IFF_NO_PI));
            Check(ioctl_bytes(tap, TUNSETIFF, request), "ioctl", $"TUNSETIFF {name}");
            return tap;
        }
        catch
        {
            tap.Dispose();
            throw;
        }
    }
}
