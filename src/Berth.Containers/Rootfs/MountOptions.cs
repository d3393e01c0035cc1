using Berth.Containers.Spec;
using static Berth.Linux.Libc;

namespace Berth.Containers.Rootfs;

/// <summary>Mount options sorted by who understands them. [OCI-RT] config.md, Linux mount options; mount(8).</summary>
internal sealed class MountOptions
{
    /// <summary>MOUNT_ATTR_* to set and to clear on the mount itself.</summary>
    public ulong Set { get; private set; }

    /// <summary>See <see cref="Set"/>.</summary>
    public ulong Clear { get; private set; }

    /// <summary>As <see cref="Set"/>, for the mount and all below it (<c>rro</c>, …).</summary>
    public ulong RecursiveSet { get; private set; }

    /// <summary>See <see cref="RecursiveSet"/>.</summary>
    public ulong RecursiveClear { get; private set; }

    /// <summary>A bind mount, whatever the type says.</summary>
    public bool IsBind { get; private set; }

    /// <summary>Bind what is mounted below the source as well.</summary>
    public bool IsRecursive { get; private set; }

    /// <summary>MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0 when not given.</summary>
    public ulong Propagation { get; private set; }

    /// <summary>Whether the propagation goes for all mounts below.</summary>
    public bool PropagationIsRecursive { get; private set; }

    /// <summary>What the file system itself reads: <c>size=64m</c>.</summary>
    public List<string> Data { get; } = [];

    /// <summary>Copy what the image has at the destination into the new tmpfs.</summary>
    public bool CopyUp { get; private set; }

    public static MountOptions Parse(MountSpec mount)
    {
        MountOptions result = new() { IsBind = mount.Type is "bind", IsRecursive = false };
        foreach (string option in mount.Options) result.Add(option);
        return result;
    }

    private void Add(string option)
    {
        switch (option)
        {
            case "" or "defaults" or "rw" when option != "rw": return;
            case "bind": IsBind = true; return;
            case "rbind": IsBind = true; IsRecursive = true; return;
            case "tmpcopyup": CopyUp = true; return;
            case "copy" or "nocopy" or "z" or "Z" or "consistent" or "cached" or "delegated" or "silent" or "loud" or "async" or "nomand" or "nolazytime": return;
            case "shared" or "rshared": SetPropagation(MS_SHARED, option); return;
            case "slave" or "rslave": SetPropagation(MS_SLAVE, option); return;
            case "private" or "rprivate": SetPropagation(MS_PRIVATE, option); return;
            case "unbindable" or "runbindable": SetPropagation(MS_UNBINDABLE, option); return;
        }
        if (Attribute(option) is var (set, clear))
        {
            Set = (Set & ~clear) | set;
            Clear = (Clear & ~set) | clear;
        }
        else if (option.StartsWith('r') && Attribute(option[1..]) is var (recursiveSet, recursiveClear))
        {
            RecursiveSet = (RecursiveSet & ~recursiveClear) | recursiveSet;
            RecursiveClear = (RecursiveClear & ~recursiveSet) | recursiveClear;
        }
        else
        {
            Data.Add(option);
        }
    }

    private void SetPropagation(ulong type, string option)
    {
        Propagation = type;
        PropagationIsRecursive = option[0] == 'r';
    }

    // A change of the access time rule must clear the old one (mount_setattr(2)).
    private static (ulong Set, ulong Clear)? Attribute(string option) => option switch
    {
        "ro" => (MOUNT_ATTR_RDONLY, 0),
        "rw" => (0, MOUNT_ATTR_RDONLY),
        "nosuid" => (MOUNT_ATTR_NOSUID, 0),
        "suid" => (0, MOUNT_ATTR_NOSUID),
        "nodev" => (MOUNT_ATTR_NODEV, 0),
        "dev" => (0, MOUNT_ATTR_NODEV),
        "noexec" => (MOUNT_ATTR_NOEXEC, 0),
        "exec" => (0, MOUNT_ATTR_NOEXEC),
        "noatime" => (MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME),
        "relatime" or "atime" or "nostrictatime" => (MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
        "strictatime" or "norelatime" => (MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
        "nodiratime" => (MOUNT_ATTR_NODIRATIME, 0),
        "diratime" => (0, MOUNT_ATTR_NODIRATIME),
        "nosymfollow" => (MOUNT_ATTR_NOSYMFOLLOW, 0),
        "symfollow" => (0, MOUNT_ATTR_NOSYMFOLLOW),
        _ => null,
    };
}
