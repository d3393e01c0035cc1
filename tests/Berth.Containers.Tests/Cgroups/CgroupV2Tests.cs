using Berth.Containers.Cgroups;
using Berth.Containers.Cgroups.V2;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Tests.Cgroups;

/// <summary>What is written into and read from the files of cgroup v2.</summary>
public class CgroupV2Tests
{
    [Fact]
    public void Create_Controllers_AreHandedDown()
    {
        using var host = new ImitatedV2("cpu memory pids rdma");
        Assert.Equal(CgroupVersion.V2, host.Hierarchy.Version);
        Assert.Equal("+cpu +memory +pids", host.Read("cgroup.subtree_control"));
        Assert.Equal("+cpu +memory +pids", host.Read("berth/cgroup.subtree_control"));
    }

    [Theory]
    [InlineData(1000L, 1500L, null, "1000", "500")]
    [InlineData(1000L, 1000L, null, "1000", "0")]
    [InlineData(1000L, -1L, null, "1000", "max")]
    [InlineData(-1L, null, null, "max", "max")]
    [InlineData(null, 3000L, "2000", "2000", "1000")]
    [InlineData(0L, 0L, "2000", "2000", "")]
    public void Apply_Memory_SwapIsTheDifference(long? limit, long? swap, string? before, string memory, string swapFile)
    {
        using ImitatedV2 host = new ImitatedV2().With("memory.max", before ?? "max\n").With("memory.swap.max").With("memory.low");
        host.Cgroup.Apply(new LinuxResources { Memory = new MemoryResources { Limit = limit, Swap = swap, Reservation = 77 } });
        Assert.Equal(memory, host["memory.max"].Trim());
        Assert.Equal(swapFile, host["memory.swap.max"]);
        Assert.Equal("77", host["memory.low"]);
    }

    [Fact]
    public void Apply_SwapWithoutLimit_IsRefused()
    {
        using ImitatedV2 host = new ImitatedV2().With("memory.max", "max\n").With("memory.swap.max");
        Assert.Throws<CgroupException>(() => host.Cgroup.Apply(new LinuxResources { Memory = new MemoryResources { Swap = 1000 } }));
    }

    [Theory]
    [InlineData(50_000L, 100_000UL, "50000 100000")]
    [InlineData(50_000L, null, "50000 200000")]
    [InlineData(null, 10_000UL, "7000 10000")]
    [InlineData(-1L, null, "max 200000")]
    public void Apply_Bandwidth_TheOtherNumberStays(long? quota, ulong? period, string expected)
    {
        using ImitatedV2 host = new ImitatedV2().With("cpu.max", "7000 200000\n");
        host.Cgroup.Apply(new LinuxResources { Cpu = new CpuResources { Quota = quota, Period = period } });
        Assert.Equal(expected, host["cpu.max"]);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1024, 100)]
    [InlineData(262144, 10000)]
    [InlineData(1, 1)]
    [InlineData(9999999, 10000)]
    public void FromShares_Ends_AndDefaultsMeet(ulong shares, ulong weight) => Assert.Equal(weight, CpuWeight.FromShares(shares));

    [Fact]
    public void FromShares_MoreShares_NeverLessWeight()
    {
        ulong last = 0;
        for (ulong shares = 2; shares <= 262144; shares += 13)
        {
            ulong weight = CpuWeight.FromShares(shares);
            Assert.InRange(weight, Math.Max(last, 1), 10000UL);
            last = weight;
        }
    }

    [Fact]
    public void Apply_OtherLimits_LandInTheirFiles()
    {
        using ImitatedV2 host = new ImitatedV2().With("pids.max", "io.weight", "io.max", "cpuset.cpus", "cpuset.mems", "cpu.weight", "memory.high", "hugetlb.2MB.max");
        host.Cgroup.Apply(new LinuxResources
        {
            Pids = new PidsResources { Limit = 0 },
            Cpu = new CpuResources { Shares = 1024, Cpus = "0-1", Mems = "0" },
            BlockIo = new BlockIoResources { Weight = 1000, ThrottleWriteIopsDevice = [new ThrottleDevice { Major = 8, Minor = 16, Rate = 5 }] },
            HugepageLimits = [new HugepageLimit { PageSize = "2MB", Limit = 4096 }],
            Unified = new Dictionary<string, string> { ["memory.high"] = "123" },
        });
        Assert.Equal("max", host["pids.max"]);
        Assert.Equal("100", host["cpu.weight"]);
        Assert.Equal("0-1", host["cpuset.cpus"]);
        Assert.Equal("10000", host["io.weight"]);
        Assert.Equal("8:16 wiops=5", host["io.max"]);
        Assert.Equal("4096", host["hugetlb.2MB.max"]);
        Assert.Equal("123", host["memory.high"]);
    }

    [Theory]
    [InlineData("cgroup.procs")]
    [InlineData("../cgroup.procs")]
    [InlineData("../../cgroup.subtree_control")]
    public void Apply_UnifiedThatLeavesTheController_IsRefused(string file)
    {
        using var host = new ImitatedV2();
        Assert.Throws<CgroupException>(() => host.Cgroup.Apply(new LinuxResources { Unified = new Dictionary<string, string> { [file] = "1" } }));
    }

    [Fact]
    public void Apply_ControllerIsOff_NamesTheFile()
    {
        using var host = new ImitatedV2();
        CgroupException e = Assert.Throws<CgroupException>(() => host.Cgroup.Apply(new LinuxResources { Pids = new PidsResources { Limit = 5 } }));
        Assert.Equal(Errno.ENOENT, e.Errno);
        Assert.Contains("pids.max", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stats_Files_AreRead()
    {
        using ImitatedV2 host = new ImitatedV2()
            .With("cpu.stat", "usage_usec 12\nuser_usec 8\nsystem_usec 4\nnr_periods 3\nnr_throttled 2\nthrottled_usec 1\n")
            .With("memory.current", "4096\n").With("memory.max", "max\n").With("memory.peak", "8192\n").With("memory.stat", "anon 5\ninactive_file 7\n")
            .With("memory.events", "low 0\nmax 6\noom 2\noom_kill 1\n").With("pids.current", "3\n").With("pids.max", "9\n")
            .With("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n7:1 \nrubbish\n");
        CgroupStats stats = host.Cgroup.Stats();
        Assert.Equal((12_000UL, 8_000UL, 4_000UL, 1_000UL), (stats.Cpu.UsageNanoseconds, stats.Cpu.UserNanoseconds, stats.Cpu.SystemNanoseconds, stats.Cpu.ThrottledNanoseconds));
        Assert.Equal((4096UL, 8192UL, null, 6UL), (stats.Memory.Usage, stats.Memory.MaxUsage, stats.Memory.Limit, stats.Memory.FailCount));
        Assert.Equal(7UL, stats.Memory.Stat["inactive_file"]);
        Assert.Equal(1UL, stats.OomKills);
        Assert.Equal((3UL, 9UL), (stats.Pids.Current, stats.Pids.Limit));
        Assert.Equal([new BlockIoEntry(8, 0, "read", 1), new BlockIoEntry(8, 0, "write", 2)], stats.BlockIo.ServiceBytes);
        Assert.Equal([new BlockIoEntry(8, 0, "read", 3), new BlockIoEntry(8, 0, "write", 4)], stats.BlockIo.Serviced);
    }

    [Fact]
    public void Stats_CgroupGone_IsEmpty()
    {
        using var host = new ImitatedV2();
        host.Cgroup.Destroy();
        Assert.Equal(0UL, host.Cgroup.Stats().Memory.Usage);
        Assert.Empty(host.Cgroup.Pids());
    }

    [Fact]
    public void Mounts_PrivateAndHostNamespace_Differ()
    {
        using var host = new ImitatedV2();
        Assert.Equal(host.PathOf("berth/one"), Assert.Single(host.Cgroup.Mounts(hostNamespace: false)).HostDirectory);
        Assert.Equal(host.PathOf("").TrimEnd('/'), Assert.Single(host.Cgroup.Mounts(hostNamespace: true)).HostDirectory);
    }
}
