using Berth.Containers.Security;

namespace Berth.Containers.Host;

/// <summary>What the kernel itself offers.</summary>
internal static class KernelFeatures
{
    // mount_setattr, the youngest call that every container needs.
    private static readonly KernelVersion s_oldest = new(5, 12);

    public static HostFeature Release(HostFiles files, KernelVersion kernel)
    {
        string release = files.Read("/proc/sys/kernel/osrelease");
        return kernel >= s_oldest
            ? new HostFeature("kernel", FeatureStatus.Available, $"Linux {release}", Required: true)
            : new HostFeature("kernel", FeatureStatus.Missing, $"Linux {release} is older than {s_oldest}", "install a newer kernel and reboot", Required: true);
    }

    public static HostFeature Privileges(bool root, CapabilitySet capabilities)
    {
        if (!root)
            return new HostFeature("privileges", FeatureStatus.Missing, "not running as root", "run as root: sudo berth …", Required: true);
        CapabilitySet missing = CapabilitySet.All - capabilities;
        if (!capabilities.Contains(Capability.SYS_ADMIN))
            return new HostFeature("privileges", FeatureStatus.Missing, "root without CAP_SYS_ADMIN", "start the outer container with --privileged", Required: true);
        return missing.Count == 0
            ? new HostFeature("privileges", FeatureStatus.Available, "root with every capability", Required: true)
            : new HostFeature("privileges", FeatureStatus.Limited, $"root without {missing}; containers cannot get what is missing", "start the outer container or service with these capabilities", Required: true);
    }

    public static HostFeature Overlay(HostFiles files) => files.Lines("/proc/filesystems").Any(static line => line.Trim().EndsWith("overlay", StringComparison.Ordinal))
        ? new HostFeature("overlayfs", FeatureStatus.Available, "listed in /proc/filesystems", Required: true)
        : new HostFeature("overlayfs", FeatureStatus.Missing, "not listed in /proc/filesystems", "modprobe overlay", Required: true);

    public static IEnumerable<HostFeature> Namespaces(HostFiles files)
    {
        foreach (string name in (string[])["mnt", "pid", "net", "uts", "ipc", "cgroup", "user", "time"])
        {
            bool required = name is not ("user" or "time" or "cgroup");
            yield return !files.Exists($"/proc/self/ns/{name}")
                ? new HostFeature($"namespace-{name}", FeatureStatus.Missing, $"/proc/self/ns/{name} does not exist", "use a kernel built with it", required)
                : name == "user" && files.Read("/proc/sys/user/max_user_namespaces") == "0"
                ? new HostFeature("namespace-user", FeatureStatus.Limited, "user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces=15000")
                : new HostFeature($"namespace-{name}", FeatureStatus.Available, $"/proc/self/ns/{name}", Required: required);
        }
    }

    public static HostFeature Seccomp(HostFiles files)
    {
        string actions = files.Read("/proc/sys/kernel/seccomp/actions_avail");
        return actions.Length > 0
            ? new HostFeature("seccomp", FeatureStatus.Available, $"actions: {actions}")
            : new HostFeature("seccomp", FeatureStatus.Missing, "/proc/sys/kernel/seccomp does not exist", "use a kernel with CONFIG_SECCOMP_FILTER; until then run with --security-opt seccomp=unconfined");
    }

    public static HostFeature Since(KernelVersion kernel, KernelVersion since, string name, string purpose, bool required) => kernel >= since
        ? new HostFeature(name, FeatureStatus.Available, $"Linux {since} and later: {purpose}", Required: required)
        : new HostFeature(name, FeatureStatus.Missing, $"Linux {kernel} is older than {since}", "install a newer kernel and reboot", required);

    public static HostFeature Nftables(HostFiles files)
    {
        bool kernel = files.Exists("/proc/sys/net/netfilter") || files.Exists("/sys/module/nf_tables");
        if (!kernel)
            return new HostFeature("nftables", FeatureStatus.Missing, "neither /proc/sys/net/netfilter nor the nf_tables module is there", "modprobe nf_tables; needed by all networks but none and host");
        return files.HasProgram("nft")
            ? new HostFeature("nftables", FeatureStatus.Available, "netfilter in the kernel, nft installed")
            : new HostFeature("nftables", FeatureStatus.Limited, "netfilter in the kernel, but no nft program", "scripts/install-runtime, or apt-get install nftables; needed by all networks but none and host");
    }

    public static HostFeature Tun(HostFiles files) => files.Exists("/dev/net/tun")
        ? new HostFeature("tun", FeatureStatus.Available, "/dev/net/tun connects virtual machines to networks")
        : new HostFeature("tun", FeatureStatus.Missing, "/dev/net/tun does not exist", "modprobe tun; needed by virtual machines on networks but none");

    public static HostFeature Fuse(HostFiles files) => files.Exists("/dev/fuse")
        ? new HostFeature("fuse", FeatureStatus.Available, "/dev/fuse")
        : new HostFeature("fuse", FeatureStatus.Missing, "/dev/fuse does not exist", "modprobe fuse; needed only by containers that mount FUSE file systems");
}
