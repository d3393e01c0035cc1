using System.Diagnostics;
using Berth.Containers.Cgroups;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Tests.Cgroups;

/// <summary>Real cgroups with real processes, whichever version the host has.</summary>
public class CgroupTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Create_ThenDestroy_LeavesNothing()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        ICgroup cgroup = cgroups.Create();
        Assert.True(cgroups.Hierarchy.Exists(cgroup.Path));
        cgroup.Destroy();
        cgroup.Destroy();
        Assert.False(cgroups.Hierarchy.Exists(cgroup.Path));
    }

    [Fact]
    public void Create_LeftOverAndEmpty_IsReplaced()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        cgroups.RequireController("pids");
        cgroups.Create("same").Apply(new LinuxResources { Pids = new PidsResources { Limit = 7 } });
        ICgroup again = cgroups.Create("same");
        Assert.Null(again.Stats().Pids.Limit);
    }

    [Fact]
    public void Create_InUse_IsRefused()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        cgroups.Run(cgroups.Create("same"), "sleep 60");
        Assert.Equal(Errno.EBUSY, Assert.Throws<CgroupException>(() => cgroups.Create("same")).Errno);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/a/../b")]
    [InlineData("/a/cgroup.procs")]
    [InlineData("/a\nb")]
    public void Open_MalformedPath_IsRefused(string path)
    {
        using TestCgroups cgroups = TestCgroups.Require();
        Assert.Throws<CgroupException>(() => cgroups.Hierarchy.Open(path));
    }

    [Fact]
    public void Pids_ProcessesAndNestedCgroups_AreListed()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        ICgroup outer = cgroups.Create("outer");
        ICgroup inner = cgroups.Create("outer/inner");
        Process first = cgroups.Run(outer, "sleep 60"), second = cgroups.Run(inner, "sleep 60");
        Assert.Contains(first.Id, outer.Pids());
        Assert.Contains(second.Id, outer.Pids());
        Assert.DoesNotContain(first.Id, inner.Pids());
        outer.Destroy();
        Assert.False(cgroups.Hierarchy.Exists(inner.Path));
    }

    [Fact]
    public async Task KillAll_ForkingProcesses_AllEnd()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        ICgroup cgroup = cgroups.Create();
        cgroup.Apply(new LinuxResources { Pids = new PidsResources { Limit = 60 } });
        Process process = cgroups.Run(cgroup, "while :; do sleep 60 & sleep 0.01; done");
        cgroup.KillAll();
        await process.WaitForExitAsync(Token);
        Assert.Equal(128 + Libc.SIGKILL, process.ExitCode);
        Assert.True(CgroupTree.WaitUntil(() => cgroup.Pids().Count == 0, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task KillAll_FrozenProcesses_AllEnd()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        ICgroup cgroup = cgroups.Create();
        Process process = cgroups.Run(cgroup, "sleep 60");
        cgroup.Freeze();
        cgroup.KillAll();
        await process.WaitForExitAsync(Token);
    }

    [Fact]
    public void Freeze_ThenThaw_StateFollows()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        ICgroup cgroup = cgroups.Create();
        cgroups.Run(cgroup, "while :; do :; done");
        Assert.False(cgroup.IsFrozen);
        cgroup.Freeze();
        Assert.True(cgroup.IsFrozen);
        ulong then = cgroup.Stats().Cpu.UsageNanoseconds;
        Assert.Equal(then, cgroup.Stats().Cpu.UsageNanoseconds);
        cgroup.Thaw();
        Assert.True(CgroupTree.WaitUntil(() => !cgroup.IsFrozen && cgroup.Stats().Cpu.UsageNanoseconds > then, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Apply_MemoryLimit_OutOfMemoryIsCounted()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        cgroups.RequireController("memory");
        ICgroup cgroup = cgroups.Create();
        cgroup.Apply(new LinuxResources { Memory = new MemoryResources { Limit = 16 << 20, Swap = 16 << 20 } });
        Assert.Equal(16UL << 20, cgroup.Stats().Memory.Limit);
        Assert.Equal(0UL, cgroup.OomKills());
        // One process without a line's end to stop at: with several the kernel may kill more than one.
        Process process = cgroups.Run(cgroup, "exec tail /dev/zero");
        await process.WaitForExitAsync(Token);
        Assert.Equal(128 + Libc.SIGKILL, process.ExitCode);
        Assert.Equal(1UL, cgroup.OomKills());
        Assert.Equal(1UL, cgroup.Stats().OomKills);
    }

    [Theory]
    [InlineData(32, 64, 128, 256)]
    [InlineData(128, 256, 32, 64)]
    [InlineData(32, 32, 64, -1)]
    [InlineData(64, -1, 32, 32)]
    [InlineData(64, 128, -1, -1)]
    public void Apply_MemoryLimitsChanged_OrderIsFound(long limit, long swap, long newLimit, long newSwap)
    {
        using TestCgroups cgroups = TestCgroups.Require();
        cgroups.RequireController("memory");
        ICgroup cgroup = cgroups.Create();
        cgroup.Apply(Limits(limit, swap));
        cgroup.Apply(Limits(newLimit, newSwap));
        Assert.Equal(newLimit < 0 ? null : (ulong)newLimit << 20, cgroup.Stats().Memory.Limit);

        static LinuxResources Limits(long limit, long swap) => new()
        {
            Memory = new MemoryResources { Limit = limit < 0 ? -1 : limit << 20, Swap = swap < 0 ? -1 : swap << 20 },
        };
    }

    [Fact]
    public async Task Apply_PidsLimit_ForkIsRefused()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        cgroups.RequireController("pids");
        ICgroup cgroup = cgroups.Create();
        cgroup.Apply(new LinuxResources { Pids = new PidsResources { Limit = 3 } });
        Process process = cgroups.Run(cgroup, "sleep 60 & sleep 60 & sleep 60 & sleep 60 & wait");
        await process.WaitForExitAsync(Token); // the shell gives up at the first refused fork
        cgroup.KillAll();
        string error = await process.StandardError.ReadToEndAsync(Token);
        Assert.Contains("fork", error, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(3UL, cgroup.Stats().Pids.Limit);
        cgroup.Apply(new LinuxResources { Pids = new PidsResources { Limit = -1 } });
        Assert.Null(cgroup.Stats().Pids.Limit);
    }

    [Fact]
    public void Apply_CpuQuota_ProcessIsThrottled()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        cgroups.RequireController("cpu");
        ICgroup cgroup = cgroups.Create();
        cgroup.Apply(new LinuxResources { Cpu = new CpuResources { Shares = 512, Quota = 1000, Period = 10_000, Cpus = "0" } });
        cgroups.Run(cgroup, "while :; do :; done");
        Assert.True(CgroupTree.WaitUntil(
            () => cgroup.Stats().Cpu is { ThrottledPeriods: > 0, ThrottledNanoseconds: > 0, Periods: > 0, UsageNanoseconds: > 0 },
            TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Apply_QuotaAndPeriodReplaced_OrderIsFound()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        cgroups.RequireController("cpu");
        ICgroup cgroup = cgroups.Create();
        cgroup.Apply(new LinuxResources { Cpu = new CpuResources { Quota = 500_000, Period = 1_000_000 } });
        cgroup.Apply(new LinuxResources { Cpu = new CpuResources { Quota = 1_000, Period = 1_000 } });
        cgroup.Apply(new LinuxResources { Cpu = new CpuResources { Quota = -1 } });
    }

    [Fact]
    public void OpenEntry_ChildWritesZero_IsInEveryHierarchy()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        ICgroup cgroup = cgroups.Create();
        using CgroupEntry entry = cgroup.OpenEntry();
        Assert.True(entry.Directory is not null || entry.TaskFiles.Count > 0);
        foreach (FileDescriptor file in entry.TaskFiles)
            Assert.EndsWith("/tasks", Libc.ReadLinkAt(null, file.ProcPath), StringComparison.Ordinal);
    }

    [Fact]
    public void Sweep_EmptyDeadBusyAndLive_OnlyEmptyDeadGo()
    {
        using TestCgroups cgroups = TestCgroups.Require();
        ICgroup dead = cgroups.Create("dead"), busy = cgroups.Create("busy"), live = cgroups.Create("live");
        cgroups.Run(busy, "sleep 60");
        Assert.Equal(["busy"], CgroupSweep.Run(cgroups.Hierarchy, cgroups.Parent, static name => name == "live"));
        Assert.False(cgroups.Hierarchy.Exists(dead.Path));
        Assert.True(cgroups.Hierarchy.Exists(live.Path));
        Assert.False(cgroups.Hierarchy.RemoveIfEmpty(cgroups.Parent));
    }
}
