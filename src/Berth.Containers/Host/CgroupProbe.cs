using Berth.Containers.Cgroups;

namespace Berth.Containers.Host;

/// <summary>Tells about cgroups in words.</summary>
internal static class CgroupProbe
{
    public static IEnumerable<HostFeature> Features(CgroupHierarchy? cgroups, CgroupFeatures limits)
    {
        if (cgroups is null)
        {
            yield return new HostFeature("cgroups", FeatureStatus.Missing, "no cgroup file system below /sys/fs/cgroup", "mount -t cgroup2 none /sys/fs/cgroup", Required: true);
            yield break;
        }
        string version = cgroups.Version == CgroupVersion.V2 ? "version 2" : cgroups.IsHybrid ? "version 1, with an extra cgroup2" : "version 1";
        yield return new HostFeature("cgroups", FeatureStatus.Available, $"{version}; controllers: {string.Join(' ', cgroups.Controllers)}", Required: true);
        yield return Limit("memory-limit", limits.MemoryLimit, "-m", "boot with cgroup_enable=memory");
        yield return Limit("swap-limit", limits.SwapLimit, "--memory-swap", "boot with swapaccount=1");
        yield return Limit("cpu-quota", limits.CpuQuota, "--cpus", "mount or enable the cpu controller");
        yield return Limit("cpuset", limits.CpuSet, "--cpuset-cpus", "mount or enable the cpuset controller");
        yield return Limit("pids-limit", limits.PidsLimit, "--pids-limit", "mount or enable the pids controller");
        yield return Limit("io-limit", limits.BlockIoThrottle, "--device-read-bps and others", "mount the blkio controller or enable io");
        yield return Limit("device-rules", limits.Devices, "the device allow-list", "mount the devices controller");
        yield return Limit("freezer", limits.Freezer, "pause", "mount the freezer controller");
    }

    private static HostFeature Limit(string name, bool there, string use, string remedy) => there
        ? new HostFeature(name, FeatureStatus.Available, $"{use} works")
        : new HostFeature(name, FeatureStatus.Missing, $"{use} cannot work", remedy);
}
