using System.Runtime.InteropServices;

namespace Berth.Linux;

// linux/capability.h
public static partial class Libc
{
    public const uint _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
    public const int CAP_SYS_ADMIN = 21, CAP_SYS_RESOURCE = 24;

    public struct cap_user_header
    {
        public uint version;
        public int pid;
    }

    public struct cap_user_data
    {
        public uint effective, permitted, inheritable;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int capget(ref cap_user_header header, Span<cap_user_data> data);

    /// <summary>The calling thread's effective capabilities as a bit mask.</summary>
    public static ulong EffectiveCapabilities()
    {
        cap_user_header header = new() { version = _LINUX_CAPABILITY_VERSION_3 };
        Span<cap_user_data> data = stackalloc cap_user_data[2];
        Check(capget(ref header, data), "capget");
        return data[0].effective | ((ulong)data[1].effective << 32);
    }
}
