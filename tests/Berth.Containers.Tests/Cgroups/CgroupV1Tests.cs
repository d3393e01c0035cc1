using System.Diagnostics;
using Berth.Containers.Cgroups;
using Berth.Containers.Cgroups.V1;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Tests.Cgroups;

/// <summary>The v1 controllers alone, as on a host without a cgroup2 mount beside them.</summary>
public class CgroupV1Tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task KillAll_FrozenAndForking_AllEnd()
    {
        using TestCgroups cgroups = Require("freezer");
        ICgroup cgroup = cgroups.Create();
        Process process = cgroups.Run(cgroup, "while :; do sleep 60 & sleep 0.01; done");
        cgroup.Freeze();
        Assert.True(cgroup.IsFrozen);
        cgroup.KillAll();
        await process.WaitForExitAsync(Token);
        Assert.Equal(128 + Libc.SIGKILL, process.ExitCode);
        Assert.Empty(cgroup.Pids());
        Assert.False(cgroup.IsFrozen);
    }

    [Fact]
    public void Create_Cpuset_InheritsFromTheParents()
    {
        using TestCgroups cgroups = Require("cpuset");
        ICgroup cgroup = cgroups.Create();
        string directory = cgroup.Mounts(false).First(static m => m.Name.Contains("cpuset", StringComparison.Ordinal)).HostDirectory;
        Assert.NotEmpty(CgroupFile.Read(directory, "cpuset.cpus").Trim());
        Assert.NotEmpty(CgroupFile.Read(directory, "cpuset.mems").Trim());
        cgroup.Apply(new LinuxResources { Cpu = new CpuResources { Cpus = "0" } });
        Assert.Equal("0", CgroupFile.Read(directory, "cpuset.cpus").Trim());
    }

    [Fact]
    public void Apply_DefaultDevices_AreWhatTheKernelLists()
    {
        using TestCgroups cgroups = Require("devices");
        ICgroup cgroup = cgroups.Create();
        cgroup.Apply(new LinuxResources { Devices = Containers.Security.DefaultDevices.Rules });
        string directory = cgroup.Mounts(false).First(static m => m.Name.Contains("devices", StringComparison.Ordinal)).HostDirectory;
        string[] listed = CgroupFile.Read(directory, "devices.list").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("c 1:3 rwm", listed);
        Assert.DoesNotContain("a *:* rwm", listed);
    }

    [Fact]
    public void Apply_Unified_IsRefused()
    {
        using TestCgroups cgroups = Require("memory");
        Assert.Throws<CgroupException>(() => cgroups.Create().Apply(new LinuxResources { Unified = new Dictionary<string, string> { ["memory.high"] = "1" } }));
    }

    [Fact]
    public void Parse_BlockIoCounters_TotalsWithoutDeviceAreSkipped() => Assert.Equal(
        [new BlockIoEntry(8, 0, "read", 4096), new BlockIoEntry(8, 0, "total", 5000)],
        BlockIo.Parse("8:0 Read 4096\n8:0 Total 5000\nTotal 5000\n"));

    private static TestCgroups Require(string controller)
    {
        IReadOnlyList<CgroupMountTable.Entry> mounts = CgroupMountTable.Parse(File.ReadAllText("/proc/self/mountinfo"), CgroupHierarchy.DefaultRoot);
        CgroupMountTable.Entry[] v1 = [.. mounts.Where(static m => !m.IsV2)];
        if (!v1.Any(m => m.Controllers.Contains(controller)))
            Assert.Skip($"no v1 hierarchy with {controller}");
        return TestCgroups.Require(CgroupHierarchy.FromMounts(v1, File.ReadAllText("/proc/self/cgroup"), CgroupHierarchy.DefaultRoot));
    }
}
