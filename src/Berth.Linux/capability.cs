using System.Runtime.InteropServices;
using Berth.Linux.Launch;

namespace Berth.Linux;

// linux/capability.h
public static partial class Libc
{
    public const uint _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
    public const int CAP_DAC_OVERRIDE = 1, CAP_SETGID = 6, CAP_SETUID = 7, CAP_SYS_ADMIN = 21, CAP_SYS_RESOURCE = 24;

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

    [LibraryImport(Library, SetLastError = true)]
    private static partial int capset(ref cap_user_header header, Span<cap_user_data> data);

    /// <summary>The highest capability the kernel knows.</summary>
    public static int LastCapability { get; } = int.Parse(File.ReadAllText("/proc/sys/kernel/cap_last_cap"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The calling thread's effective capabilities as a bit mask.</summary>
    public static ulong EffectiveCapabilities()
    {
        cap_user_header header = new() { version = _LINUX_CAPABILITY_VERSION_3 };
        Span<cap_user_data> data = stackalloc cap_user_data[2];
        Check(capget(ref header, data), "capget");
        return data[0].effective | ((ulong)data[1].effective << 32);
    }

    /// <summary>Gives the calling thread alone another effective user and group (and so the owner of what it makes), keeping its capabilities.
    /// For threads that end with their work: the C library's own calls change every thread.</summary>
    public static void ActAs(uint uid, uint gid)
    {
        cap_user_header header = new() { version = _LINUX_CAPABILITY_VERSION_3 };
        Span<cap_user_data> data = stackalloc cap_user_data[2];
        Check(capget(ref header, data), "capget");
        Check(setresid(SystemCall.setresgid, -1, (nint)gid, -1), "setresgid");
        Check(setresid(SystemCall.setresuid, -1, (nint)uid, -1), "setresuid");
        Check(capset(ref header, data), "capset");
    }

    /// <summary>Until <see cref="OwnAsItself"/>, what the calling thread makes belongs to this user and group. A user other than root keeps of the
    /// thread's rights over files only that of reaching them. Answers what to give back, the effective capabilities.</summary>
    public static ulong OwnAs(uint uid, uint gid)
    {
        cap_user_header header = new() { version = _LINUX_CAPABILITY_VERSION_3 };
        Span<cap_user_data> data = stackalloc cap_user_data[2];
        Check(capget(ref header, data), "capget");
        ulong before = data[0].effective | ((ulong)data[1].effective << 32);
        _ = setfsgid(gid);
        _ = setfsuid(uid);
        // These calls tell no error, but the old value. [setfsuid(2)]
        bool taken = setfsgid(uint.MaxValue) == (int)gid && setfsuid(uint.MaxValue) == (int)uid;
        if (uid != 0)
        {
            const uint Kept = 1u << CAP_DAC_OVERRIDE | 1u << CAP_SETGID | 1u << CAP_SETUID;
            (data[0].effective, data[1].effective) = (data[0].permitted & Kept, 0);
            taken &= capset(ref header, data) == 0;
        }
        if (taken) return before;
        OwnAsItself(before);
        throw new LinuxException("setfsuid", Errno.EPERM, $"{uid}:{gid}");
    }

    /// <summary>Ends <see cref="OwnAs"/>: what the thread makes is root's again, and it has its capabilities back.</summary>
    public static void OwnAsItself(ulong capabilities)
    {
        cap_user_header header = new() { version = _LINUX_CAPABILITY_VERSION_3 };
        Span<cap_user_data> data = stackalloc cap_user_data[2];
        _ = setfsuid(0);
        _ = setfsgid(0);
        Check(capget(ref header, data), "capget");
        (data[0].effective, data[1].effective) = ((uint)capabilities, (uint)(capabilities >> 32));
        Check(capset(ref header, data), "capset");
    }

    [LibraryImport(Library)]
    private static partial int setfsuid(uint uid);

    [LibraryImport(Library)]
    private static partial int setfsgid(uint gid);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint setresid(nint number, nint real, nint effective, nint saved);
}
