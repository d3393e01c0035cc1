using Berth.Containers.Spec;
using Berth.Engine.Configuration;
using Berth.Engine.State;

namespace Berth.Engine.Planning;

/// <summary>The mounts of an instance: the kernel's file systems, the engine's files in /etc, then the user's. [OCI-RT] config-linux.md, Default Filesystems.</summary>
internal static class MountList
{
    private const long DefaultShmSize = 64 * 1024 * 1024;

    public static IReadOnlyList<MountSpec> Build(InstanceDefinition definition, SpecInputs inputs)
    {
        HostConfig host = definition.HostConfig;
        string access = host.Privileged ? "rw" : "ro";
        var mounts = new List<MountSpec>
        {
            Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", access),
            Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", access),
        };
        AddIpc(mounts, host, inputs);
        foreach (string name in (ReadOnlySpan<string>)["resolv.conf", "hostname", "hosts"])
            mounts.Add(Mount("/etc/" + name, "bind", Path.Combine(inputs.FilesDirectory, name), "rbind", "rprivate", "rw"));
        foreach (PlannedMount mount in definition.Mounts)
        {
            mounts.RemoveAll(m => m.Destination == mount.Destination);
            mounts.Add(User(mount, inputs));
        }
        return mounts;
    }

    private static void AddIpc(List<MountSpec> mounts, HostConfig host, SpecInputs inputs)
    {
        string mode = host.IpcMode ?? "";
        if (mode == "host")
        {
            mounts.Add(Mount("/dev/shm", "bind", "/dev/shm", "rbind", "rprivate", "rw"));
            // A host need not have its queues mounted; a mount of their own shows the same ones.
            mounts.Add(Directory.Exists("/dev/mqueue")
                ? Mount("/dev/mqueue", "bind", "/dev/mqueue", "rbind", "rprivate", "rw")
                : Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"));
            return;
        }
        mounts.Add(Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"));
        if (mode.StartsWith("container:", StringComparison.Ordinal))
            mounts.Add(Mount("/dev/shm", "bind", $"/proc/{inputs.PidOf(mode["container:".Length..])}/root/dev/shm", "rbind", "rprivate", "rw"));
        else if (mode != "none")
            mounts.Add(Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", $"size={(host.ShmSize > 0 ? host.ShmSize : DefaultShmSize)}"));
    }

    /// <summary>A mount as the user asked for it.</summary>
    public static MountSpec User(PlannedMount mount, SpecInputs inputs)
    {
        if (mount.ImageId is { } image)
            return Mount(mount.Destination, "bind", mount.Source, "bind", "rprivate", "ro") with { Layers = inputs.LayersOf(image), Subpath = mount.Subpath };
        string access = mount.ReadOnly ? "ro" : "rw";
        if (mount.Type == "tmpfs")
            return new MountSpec { Destination = mount.Destination, Type = "tmpfs", Source = "tmpfs", Options = [.. mount.TmpfsOptions, access] };
        string propagation = mount.Propagation.Length > 0 ? mount.Propagation : "rprivate";
        // What is mounted below a read-only source would stay writable.
        if (mount is { ReadOnly: true, NonRecursive: false, WritableBelow: false })
            access = "rro";
        // A volume that its driver's options make read-only stays so.
        else if (mount is { Type: "volume", ReadOnly: false })
            access = "";
        return Mount(mount.Destination, "bind", mount.Source, mount.NonRecursive ? "bind" : "rbind", propagation, access) with { Subpath = mount.Subpath };
    }

    private static MountSpec Mount(string destination, string type, string source, params string[] options) =>
        new() { Destination = destination, Type = type, Source = source, Options = options };
}
