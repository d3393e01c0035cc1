using Berth.Containers.Spec;
using Berth.Engine.Configuration;
using Berth.Engine.Planning;
using Berth.Engine.State;

namespace Berth.Engine.Tests.Planning;

public sealed class SpecBuilderTests
{
    private static RuntimeSpec Build(HostConfig? host = null, InstanceConfig? config = null, params PlannedMount[] mounts) =>
        SpecBuilder.Build(Definitions.Make(host, config, mounts), Definitions.Inputs);

    [Fact]
    public void Build_Defaults_IsValidAndConfined()
    {
        RuntimeSpec spec = Build();
        Assert.Empty(SpecValidator.Validate(spec));
        Assert.Equal("0123456789ab", spec.Hostname);
        Assert.Equal("/", spec.Process!.Cwd);
        Assert.Equal([SpecBuilder.DefaultPath, "HOSTNAME=0123456789ab"], spec.Process.Env);
        Assert.Equal(14, spec.Process.Capabilities!.Bounding.Count);
        Assert.NotNull(spec.Linux!.Seccomp);
        Assert.Contains("/proc/kcore", spec.Linux.MaskedPaths);
        Assert.False(spec.Linux.Resources!.Devices[0].Allow);
        Assert.Equal(
            [NamespaceType.Mount, NamespaceType.Pid, NamespaceType.Network, NamespaceType.Ipc, NamespaceType.Uts, NamespaceType.Cgroup],
            spec.Linux.Namespaces.Select(static n => n.Type));
        Assert.Contains("ro", spec.Mounts.Single(static m => m.Destination == "/sys/fs/cgroup").Options);
    }

    [Fact]
    public void Build_HostModes_LeaveTheNamespacesOut()
    {
        RuntimeSpec spec = Build(new HostConfig { NetworkMode = "host", PidMode = "host", IpcMode = "host", UTSMode = "host", CgroupnsMode = "host" });
        Assert.Equal([NamespaceType.Mount], spec.Linux!.Namespaces.Select(static n => n.Type));
        Assert.Null(spec.Hostname);
        Assert.Contains("HOSTNAME=quay", spec.Process!.Env);
    }

    [Fact]
    public void Build_ContainerModes_JoinByPath()
    {
        RuntimeSpec spec = Build(new HostConfig { NetworkMode = "container:web", PidMode = "container:web" });
        Assert.Equal("/proc/4711/ns/net", spec.Linux!.Namespaces.Single(static n => n.Type == NamespaceType.Network).Path);
        Assert.Equal("/proc/4711/ns/pid", spec.Linux.Namespaces.Single(static n => n.Type == NamespaceType.Pid).Path);
    }

    [Fact]
    public void Build_PrivateUsers_NamespaceComesWithTheInstancesRange()
    {
        InstanceDefinition definition = Definitions.Make(new HostConfig { UsernsMode = "private" }, null, []) with { IdBase = 0x70010000 };
        RuntimeSpec spec = SpecBuilder.Build(definition, Definitions.Inputs);
        Assert.Empty(SpecValidator.Validate(spec));
        Assert.Null(spec.Linux!.Namespaces.Single(static n => n.Type == NamespaceType.User).Path);
        Assert.Equal(new IdMapping { ContainerId = 0, HostId = 0x70010000, Size = 65536 }, spec.Linux.UidMappings.Single());
        Assert.Equal(spec.Linux.UidMappings, spec.Linux.GidMappings);
    }

    [Fact]
    public void Build_JoinedUsers_NamespaceIsThePathOfTheOther()
    {
        RuntimeSpec spec = Build(new HostConfig { UsernsMode = "container:web" });
        Assert.Equal("/proc/4711/ns/user", spec.Linux!.Namespaces.Single(static n => n.Type == NamespaceType.User).Path);
        Assert.Empty(spec.Linux.UidMappings);
    }

    [Fact]
    public void Allocate_RangesTaken_NextFreeOneIsGiven()
    {
        InstanceDefinition first = Definitions.Make(null, null, []) with { IdBase = UserNamespaces.Allocate([]) };
        uint second = UserNamespaces.Allocate([first]);
        Assert.Equal(first.IdBase + UserNamespaces.RangeSize, second);
        Assert.Equal(first.IdBase, UserNamespaces.Allocate([first with { IdBase = second }]));
    }

    [Theory]
    [InlineData(true, null, null, "Privileged")]
    [InlineData(false, "host", null, "PidMode")]
    [InlineData(false, "container:web", null, "PidMode")]
    [InlineData(false, null, "host", "NetworkMode")]
    public void Check_WhatOnlyTheHostsRootMayDo_IsRefusedByName(bool privileged, string? pid, string? network, string field)
    {
        EngineException e = Assert.Throws<EngineException>(() =>
            UserNamespaces.Check(new HostConfig { UsernsMode = "private", Privileged = privileged, PidMode = pid, NetworkMode = network }));
        Assert.StartsWith($"HostConfig.{field}: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("add --userns ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_Tty_SetsTermUnlessGiven()
    {
        Assert.Contains("TERM=xterm", Build(null, new InstanceConfig { Tty = true }).Process!.Env);
        IReadOnlyList<string> env = Build(null, new InstanceConfig { Tty = true, Env = ["TERM=vt100", "A=1", "A=2"] }).Process!.Env;
        Assert.Contains("TERM=vt100", env);
        Assert.DoesNotContain("TERM=xterm", env);
        Assert.Contains("A=2", env);
        Assert.DoesNotContain("A=1", env);
    }

    [Fact]
    public void Build_Limits_BecomeResources()
    {
        LinuxResources r = Build(new HostConfig { NanoCpus = 500_000_000, Memory = 64 << 20, PidsLimit = 7 }).Linux!.Resources!;
        Assert.Equal(50_000, r.Cpu!.Quota);
        Assert.Equal(100_000UL, r.Cpu.Period);
        Assert.Equal(64 << 20, r.Memory!.Limit);
        Assert.Equal(128 << 20, r.Memory.Swap);
        Assert.Equal(7, r.Pids!.Limit);
    }

    [Fact]
    public void Build_NoSwapAccounting_LeavesSwapOut()
    {
        SpecInputs inputs = Definitions.Inputs with { Host = Definitions.Host with { SwapAccounting = false } };
        RuntimeSpec spec = SpecBuilder.Build(Definitions.Make(new HostConfig { Memory = 64 << 20 }), inputs);
        Assert.Null(spec.Linux!.Resources!.Memory!.Swap);
    }

    [Fact]
    public void Build_Privileged_LiftsEverything()
    {
        SpecInputs inputs = Definitions.Inputs with { Devices = static _ => [] };
        RuntimeSpec spec = SpecBuilder.Build(Definitions.Make(new HostConfig { Privileged = true }), inputs);
        Assert.Null(spec.Linux!.Seccomp);
        Assert.Empty(spec.Linux.MaskedPaths);
        Assert.Empty(spec.Linux.ReadonlyPaths);
        Assert.True(Assert.Single(spec.Linux.Resources!.Devices).Allow);
        Assert.Equal(41, spec.Process!.Capabilities!.Bounding.Count);
        Assert.Contains("rw", spec.Mounts.Single(static m => m.Destination == "/sys").Options);
    }

    [Fact]
    public void Build_UserMountOverEtc_ReplacesTheEnginesFile()
    {
        RuntimeSpec spec = Build(null, null, new PlannedMount { Type = "bind", Source = "/x", Destination = "/etc/hosts", ReadOnly = true, Propagation = "rslave" });
        MountSpec mount = spec.Mounts.Single(static m => m.Destination == "/etc/hosts");
        Assert.Equal("/x", mount.Source);
        Assert.Equal(["rbind", "rslave", "rro"], mount.Options);
        Assert.Equal("rslave", spec.Linux!.RootfsPropagation);
    }

    [Fact]
    public void Build_ShmSizeAndIpcNone_AreFollowed()
    {
        Assert.Contains("size=1024", Build(new HostConfig { ShmSize = 1024 }).Mounts.Single(static m => m.Destination == "/dev/shm").Options);
        Assert.DoesNotContain(Build(new HostConfig { IpcMode = "none" }).Mounts, static m => m.Destination == "/dev/shm");
    }
}
