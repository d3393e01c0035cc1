using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/ioctl.h, asm-generic/ioctls.h, termios.h, net/if.h
public static partial class Libc
{
    private const nuint TCGETS = 0x5401, TCSETS = 0x5402, TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414, TIOCSPTLCK = 0x40045431,
        TIOCGPTPEER = 0x5441, SIOCGIFFLAGS = 0x8913, SIOCSIFFLAGS = 0x8914, SIOCOUTQ = 0x5411;
    private const nuint FS_IOC_GETFLAGS = 0x80086601, FS_IOC_SETFLAGS = 0x40086602;
    private const int FS_IMMUTABLE_FL = 0x10, FS_APPEND_FL = 0x20;
    public const nuint TIOCSCTTY = 0x540E;
    public const short IFF_UP = 1;

    private const uint BRKINT = 2, ICRNL = 0x100, INLCR = 0x40, IGNCR = 0x80, IGNBRK = 1, PARMRK = 8, INPCK = 0x10, ISTRIP = 0x20, IXON = 0x400,
        OPOST = 1, ECHO = 8, ECHONL = 0x40, ICANON = 2, ISIG = 1, IEXTEN = 0x8000, CSIZE = 0x30, PARENB = 0x100, CS8 = 0x30;

    public struct winsize
    {
        public ushort ws_row, ws_col, ws_xpixel, ws_ypixel;
    }

    [InlineArray(19)]
    public struct ControlCharacters
    {
        private byte _first;
    }

    /// <summary>The kernel's struct termios (36 bytes), not the C library's.</summary>
    public struct termios
    {
        public uint c_iflag, c_oflag, c_cflag, c_lflag;
        public byte c_line;
        public ControlCharacters c_cc;
    }

    [StructLayout(LayoutKind.Explicit, Size = 40)]
    private struct ifreq
    {
        [FieldOffset(0)] public ulong ifr_name;
        [FieldOffset(16)] public short ifr_flags;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int ioctl(FileDescriptor fd, nuint request, nint argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_int(FileDescriptor fd, nuint request, ref int argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_winsize(SafeHandle fd, nuint request, ref winsize argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_termios(SafeHandle fd, nuint request, ref termios argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_ifreq(FileDescriptor fd, nuint request, ref ifreq argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_count(SafeHandle fd, nuint request, ref int argument);

    /// <summary>Whether the peer of a unix stream socket has not yet read everything that was sent to it; false when that cannot be told. See unix(7).</summary>
    public static bool HasUnreadOutput(SafeHandle socket)
    {
        int charged = 0;
        return ioctl_count(socket, SIOCOUTQ, ref charged) == 0 && charged > 0;
    }

    /// <summary>Takes the immutable and append-only flags from a file; false when it has neither, or they cannot be changed. See ioctl_iflags(2).</summary>
    public static bool TryClearProtection(FileDescriptor file)
    {
        int flags = 0;
        if (ioctl_int(file, FS_IOC_GETFLAGS, ref flags) != 0 || (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) == 0)
            return false;
        flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
        return ioctl_int(file, FS_IOC_SETFLAGS, ref flags) == 0;
    }

    /// <summary>Rows and columns of a terminal.</summary>
    public static winsize GetWindowSize(SafeHandle terminal)
    {
        winsize size = default;
        Check(ioctl_winsize(terminal, TIOCGWINSZ, ref size), "ioctl", "TIOCGWINSZ");
        return size;
    }

    /// <summary>Sets rows and columns of a terminal; the foreground process group gets SIGWINCH.</summary>
    public static void SetWindowSize(SafeHandle terminal, int rows, int columns)
    {
        winsize size = new() { ws_row = (ushort)rows, ws_col = (ushort)columns };
        Check(ioctl_winsize(terminal, TIOCSWINSZ, ref size), "ioctl", "TIOCSWINSZ");
    }

    /// <summary>Whether the descriptor is a terminal.</summary>
    public static bool IsTerminal(SafeHandle fd)
    {
        termios state = default;
        return ioctl_termios(fd, TCGETS, ref state) == 0;
    }

    /// <summary>The terminal's modes, to be given back with <see cref="SetTerminalMode"/>.</summary>
    public static termios GetTerminalMode(SafeHandle terminal)
    {
        termios state = default;
        Check(ioctl_termios(terminal, TCGETS, ref state), "ioctl", "TCGETS");
        return state;
    }

    /// <summary>Sets the terminal's modes at once.</summary>
    public static void SetTerminalMode(SafeHandle terminal, termios state) =>
        Check(ioctl_termios(terminal, TCSETS, ref state), "ioctl", "TCSETS");

    /// <summary>The same mode, but what is typed does not show.</summary>
    public static termios WithoutEcho(termios state)
    {
        state.c_lflag &= ~ECHO;
        return state;
    }

    /// <summary>The same modes with every translation and local echo off, as cfmakeraw(3) does.</summary>
    public static termios Raw(termios state)
    {
        state.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | INPCK);
        state.c_oflag &= ~OPOST;
        state.c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
        state.c_cflag = (state.c_cflag & ~(CSIZE | PARENB)) | CS8;
        state.c_cc[6] = 1; // VMIN
        state.c_cc[5] = 0; // VTIME
        return state;
    }

    /// <summary>Unlocks the other side of a pty master and opens it without looking up a name.</summary>
    public static FileDescriptor OpenPtyPeer(FileDescriptor master)
    {
        int unlock = 0;
        Check(ioctl_int(master, TIOCSPTLCK, ref unlock), "ioctl", "TIOCSPTLCK");
        return new FileDescriptor(Check(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), "ioctl", "TIOCGPTPEER"));
    }

    /// <summary>Brings up the loopback interface of the network namespace that <paramref name="socket"/> was made in.</summary>
    public static void BringUpLoopback(FileDescriptor socket)
    {
        ifreq request = new() { ifr_name = 0x6F6C }; // "lo"
        Check(ioctl_ifreq(socket, SIOCGIFFLAGS, ref request), "ioctl", "SIOCGIFFLAGS");
        request.ifr_flags |= IFF_UP;
        Check(ioctl_ifreq(socket, SIOCSIFFLAGS, ref request), "ioctl", "SIOCSIFFLAGS");
    }

    /// <summary>How many bytes a pipe holds (FIONREAD).</summary>
    public static int AvailableBytes(FileDescriptor pipe)
    {
        const nuint FIONREAD = 0x541B;
        int count = 0;
        Check(ioctl_int(pipe, FIONREAD, ref count), "ioctl", "FIONREAD");
        return count;
    }
}
