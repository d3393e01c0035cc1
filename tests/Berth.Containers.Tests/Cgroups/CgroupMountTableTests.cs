using Berth.Containers.Cgroups;

namespace Berth.Containers.Tests.Cgroups;

public class CgroupMountTableTests
{
    private const string Systemd = """
        25 30 0:23 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
        26 25 0:24 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate
        27 25 0:25 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,name=systemd
        30 25 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:15 - cgroup cgroup rw,cpu,cpuacct
        31 25 0:29 / /sys/fs/cgroup/memory rw,nosuid shared:16 - cgroup cgroup rw,memory
        99 25 0:99 / /sys/fs/cgroups-elsewhere rw - cgroup2 cgroup2 rw
        """;

    [Fact]
    public void FromMounts_HybridWithService_NamedHierarchyIsLeftToo()
    {
        CgroupHierarchy host = From(Systemd, "4:memory:/\n3:cpu,cpuacct:/\n1:name=systemd:/system.slice/berthd.service\n0::/system.slice/berthd.service\n");
        Assert.Equal(CgroupVersion.V1, host.Version);
        Assert.True(host.IsHybrid);
        Assert.Equal(["cpu", "cpuacct", "memory"], host.Controllers);
        Assert.Equal(
            ["cpu,cpuacct:/sys/fs/cgroup/cpu,cpuacct/berth/x:cpu cpuacct", "memory:/sys/fs/cgroup/memory/berth/x:"],
            host.Open("/berth/x").Mounts(hostNamespace: false).Select(static m => $"{m.Name}:{m.HostDirectory}:{string.Join(' ', m.Links)}"));
    }

    [Fact]
    public void FromMounts_PureV2_IsV2()
    {
        CgroupHierarchy host = From("30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot", "0::/user.slice\n");
        Assert.Equal(CgroupVersion.V2, host.Version);
        Assert.False(host.IsHybrid);
        Assert.Equal("/sys/fs/cgroup", host.UnifiedMount);
    }

    [Fact]
    public void FromMounts_ReadOnlyMount_UsesTheOwnCgroup()
    {
        CgroupHierarchy host = From("30 24 0:26 /outer /sys/fs/cgroup ro - cgroup2 cgroup2 rw", "0::/outer/inner\n");
        Assert.Equal("/sys/fs/cgroup/inner/berth/x", Assert.Single(host.Open("/berth/x").Mounts(hostNamespace: false)).HostDirectory);
    }

    [Fact]
    public void FromMounts_Nothing_SaysHowToMount() =>
        Assert.Contains("mount -t cgroup2", Assert.Throws<CgroupException>(static () => From("", "")).Message, StringComparison.Ordinal);

    private static CgroupHierarchy From(string mountInfo, string own) =>
        CgroupHierarchy.FromMounts(CgroupMountTable.Parse(mountInfo, "/sys/fs/cgroup"), own, "/sys/fs/cgroup");
}
