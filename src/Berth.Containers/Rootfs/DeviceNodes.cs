using Berth.Containers.Namespaces;
using Berth.Containers.Spec;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Rootfs;

/// <summary>Device nodes and links of /dev. [OCI-RT] config-linux.md, Default Devices; config.md, Dev symbolic links.</summary>
internal static class DeviceNodes
{
    // Name, major, minor: Documentation/admin-guide/devices.txt. Mode 0666 for each.
    private static readonly (string Name, uint Major, uint Minor)[] s_defaults =
        [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

    private static readonly (string Name, string Target)[] s_links =
        [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")];

    /// <summary>Fills a /dev that is the container's own tmpfs.</summary>
    public static void Populate(FileDescriptor dev)
    {
        foreach ((string name, uint major, uint minor) in s_defaults) Make(dev, name, S_IFCHR | 0x1B6 /* 0666 */, makedev(major, minor), 0, 0);
        foreach ((string name, string target) in s_links) SymbolicLinkAt(target, dev, name);
        SymbolicLinkAt("pts/ptmx", dev, "ptmx");
        if (TryStatAt(null, "/proc/kcore", out _) == Errno.None) SymbolicLinkAt("/proc/kcore", dev, "core");
    }

    /// <summary>Makes a device that the specification asks for, at its own path.</summary>
    public static void Make(FileDescriptor root, DeviceSpec device, IdMap? map)
    {
        int slash = device.Path.LastIndexOf('/');
        using FileDescriptor parent = MountTarget.Directory(root, slash <= 0 ? "/" : device.Path[..slash]);
        uint type = device.Type switch { "b" => S_IFBLK, "p" => S_IFIFO, _ => S_IFCHR };
        uint mode = type | ((device.FileMode ?? 0x1B6) & 0x1FF);
        uint uid = device.Uid ?? 0, gid = device.Gid ?? 0;
        Make(parent, device.Path[(slash + 1)..], mode, makedev((uint)device.Major, (uint)device.Minor), map?.HostUid(uid) ?? uid, map?.HostGid(gid) ?? gid);
    }

    private static void Make(FileDescriptor directory, string name, uint mode, ulong device, uint uid, uint gid)
    {
        Errno removed = TryUnlinkAt(directory, name);
        if (removed is not (Errno.None or Errno.ENOENT)) throw new LinuxException("unlinkat", removed, name);
        MakeNodeAt(directory, name, mode, device);
        if (uid != 0 || gid != 0) ChangeOwnerAt(directory, name, uid, gid);
    }
}
