namespace Berth.Containers.Host;

/// <summary>Mandatory access control. Berth sets neither profiles nor labels; seccomp, capabilities and namespaces do the confining.</summary>
internal static class SecurityModules
{
    public static HostFeature AppArmor(HostFiles files) => files.Read("/sys/module/apparmor/parameters/enabled") == "Y"
        ? new HostFeature("apparmor", FeatureStatus.Limited, "active in the kernel; Berth sets no profile, containers run unconfined by it")
        : new HostFeature("apparmor", FeatureStatus.Missing, "not active in this kernel", "boot with apparmor=1 security=apparmor; containers are confined without it as well");

    public static HostFeature SELinux(HostFiles files) => files.Exists("/sys/fs/selinux/enforce")
        ? new HostFeature("selinux", FeatureStatus.Limited, files.Read("/sys/fs/selinux/enforce") == "1" ? "enforcing; Berth sets no labels" : "permissive; Berth sets no labels")
        : new HostFeature("selinux", FeatureStatus.Missing, "not active in this kernel");
}
