using Berth.Containers.Cgroups;
using Berth.Daemon.Hosting;
using Berth.Linux;

namespace Berth.Daemon.Doctor;

/// <summary>Looks at the host: what containers need, what only some options need, and what is for later.</summary>
internal static class HostExamination
{
    private static readonly string[] Controllers = ["memory", "cpu", "pids", "cpuset", "blkio", "devices", "freezer"];

    /// <summary>Examines anew on every call; nothing on the host is changed.</summary>
    public static HostReport Run(DaemonOptions options) => new(
    [
        Administrator(),
        Kernel(),
        .. Namespaces(),
        FileSystem("overlay", required: true),
        FileSystem("tmpfs", required: true),
        .. Cgroups(),
        Seccomp(),
        Present("AppArmor", "/sys/module/apparmor/parameters/enabled", "containers run without an AppArmor profile; boot with apparmor=1 to have one"),
        Present("KVM", "/dev/kvm", "virtual machines would use the software CPU; enable virtualisation in the firmware or load the kvm module"),
        Program("apt-get", "needed to make the images busybox and debian on this machine; without it bring images by load or import"),
        Program("debootstrap", "needed to make the image debian; it is installed by apt-get when first asked for"),
        Room(options.DataRoot),
    ]);

    private static HostFeature Administrator()
    {
        const ulong SysAdmin = 1UL << 21;
        bool capable = Libc.EffectiveUserId == 0 && (Libc.EffectiveCapabilities() & SysAdmin) != 0;
        return new("root with CAP_SYS_ADMIN", capable, true, capable ? "" : $"user {Libc.EffectiveUserId}", capable ? "" : "start berthd as root, outside of any unprivileged container");
    }

    private static HostFeature Kernel()
    {
        // 5.12 brought mount_setattr, the youngest call that every container needs.
        Version kernel = Environment.OSVersion.Version;
        bool enough = kernel >= new Version(5, 12);
        return new("kernel 5.12 or newer", enough, true, kernel.ToString(3), enough ? "" : "install a newer kernel");
    }

    private static IEnumerable<HostFeature> Namespaces()
    {
        foreach (string name in (string[])["mnt", "pid", "net", "uts", "ipc", "cgroup", "user", "time"])
        {
            bool available = File.Exists($"/proc/self/ns/{name}");
            yield return new($"{name} namespace", available, name is not ("user" or "time" or "cgroup"), "", available ? "" : "use a kernel built with it");
        }
    }

    private static HostFeature FileSystem(string name, bool required)
    {
        bool available = File.ReadLines("/proc/filesystems").Any(line => line.Split('\t')[^1] == name);
        return new($"{name} file system", available, required, "", available ? "" : $"modprobe {name}");
    }

    private static IEnumerable<HostFeature> Cgroups()
    {
        CgroupHierarchy hierarchy;
        string failure = "";
        try
        {
            hierarchy = CgroupHierarchy.Detect();
        }
        catch (Exception exception) when (exception is CgroupException or IOException)
        {
            failure = exception.Message;
            hierarchy = null!;
        }
        if (hierarchy is null)
        {
            yield return new("control groups", false, true, failure, "mount cgroup2 on /sys/fs/cgroup");
            yield break;
        }
        yield return new("control groups", true, true, hierarchy.IsHybrid ? "version 1, with an empty version 2 beside it" : hierarchy.Version == CgroupVersion.V1 ? "version 1" : "version 2", "");
        foreach (string name in Controllers)
        {
            // Version 2 calls blkio io, and has devices and freezing without a controller.
            bool available = hierarchy.Controllers.Contains(name)
                || (hierarchy.Version == CgroupVersion.V2 && (name is "devices" or "freezer" || (name == "blkio" && hierarchy.Controllers.Contains("io"))));
            yield return new($"cgroup controller {name}", available, false, "", available ? "" : "limits of this kind are refused; enable the controller in the kernel's command line");
        }
    }

    private static HostFeature Seccomp()
    {
        const string Actions = "/proc/sys/kernel/seccomp/actions_avail";
        bool available = File.Exists(Actions);
        return new("seccomp filters", available, true, "", available ? "" : "use a kernel with CONFIG_SECCOMP_FILTER");
    }

    private static HostFeature Present(string name, string path, string remedy)
    {
        bool available = File.Exists(path);
        return new(name, available, false, available ? path : "", available ? "" : remedy);
    }

    private static HostFeature Program(string name, string remedy)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin").Split(':')
            .Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
        return new(name, path is not null, false, path ?? "", path is null ? remedy : "");
    }

    private static HostFeature Room(string dataRoot)
    {
        const long Enough = 2L << 30;
        Directory.CreateDirectory(dataRoot);
        long free = new DriveInfo(dataRoot).AvailableFreeSpace;
        return new("room for images", free >= Enough, false, $"{free >> 20} MiB free in {dataRoot}", free >= Enough ? "" : "free some room, or choose another --data-root");
    }
}
