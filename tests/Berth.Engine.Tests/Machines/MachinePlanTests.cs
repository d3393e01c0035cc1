using Berth.Containers.Interfaces;
using Berth.Engine.Configuration;
using Berth.Engine.Execs;
using Berth.Engine.Machines;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Vmm.Control;

namespace Berth.Engine.Tests.Machines;

public sealed class MachinePlanTests
{
    private static readonly MachineHost Host = new() { InstallDirectory = "/", DotnetRoot = "/", LibraryDirectories = [], LibraryLinks = [], Processors = 4 };

    private static readonly InstanceConfig Config = new()
    {
        User = "app:games",
        Env = ["A=1"],
        WorkingDir = "/w",
        Tty = true,
        OpenStdin = true,
    };

    private static readonly HostConfig HostSettings = new()
    {
        Runtime = "vm",
        Memory = 128 << 20,
        NanoCpus = 2_000_000_000,
        GroupAdd = ["audio"],
        Init = true,
        SecurityOpt = ["no-new-privileges"],
        ShmSize = 1 << 20,
        Ulimits = [new Ulimit { Name = "nofile", Soft = 100, Hard = -1 }],
    };

    private static readonly InterfaceConfig Card = new()
    {
        Name = "eth0",
        HostName = "vt0",
        Bridge = "br0",
        Mac = "02:42:0a:00:00:02",
        Mtu = 1400,
        Addresses = ["10.0.0.2/24"],
        Gateways = ["10.0.0.1"],
    };

    [Fact]
    public void Build_CommandOfABuild_LeavesALayerBoundedByItsDisk()
    {
        HostConfig host = HostSettings with { StorageOpt = new Dictionary<string, string> { ["size"] = "1g" } };
        MachineConfig step = MachinePlan.Build(Definitions.Make(host), Host, "v", "", "", [], givesLayer: true);
        Assert.Equal(("/machine/layer.tar", 2L << 30), (step.LayerFile, step.LayerLimit));
        Assert.Empty(MachinePlan.Build(Definitions.Make(host), Host, "v", "", "", []).LayerFile);
    }

    [Fact]
    public void Build_DirectExecution_UnlessTheMachineDoesWithout()
    {
        Assert.True(MachinePlan.Build(Definitions.Make(HostSettings), Host, "v", "", "", []).DirectExecution);
        HostConfig without = HostSettings with { Annotations = new Dictionary<string, string> { ["berth.direct-execution"] = "false" } };
        Assert.False(MachinePlan.Build(Definitions.Make(without), Host, "v", "", "", []).DirectExecution);
    }

    [Fact]
    public void Build_Mounts_KeepTheirOrderAndNumber()
    {
        PlannedMount[] mounts =
        [
            new() { Type = "bind", Source = "/srv/a", Destination = "/a", ReadOnly = true },
            new() { Type = "tmpfs", Destination = "/a/t" },
            new() { Type = "volume", VolumeName = "v", Source = "/data/v", Destination = "/a/t/v" },
        ];
        MachineConfig machine = MachinePlan.Build(Definitions.Make(HostSettings, mounts: mounts), Host, "v", "", "", []);
        Assert.Equal(
            [("shm", "/dev/shm", "tmpfs", 14u), ("0", "/a", "share", 1u), ("tmpfs", "/a/t", "tmpfs", 0u), ("1", "/a/t/v", "share", 0u)],
            machine.Mounts.Select(static m => (m.Source, m.Target, m.Type, m.Flags)));
        Assert.Equal([new SharedFolderConfig("0", "/folders/0", true), new SharedFolderConfig("1", "/folders/1", false)], machine.SharedFolders);
    }

    [Fact]
    public void Check_SharedPropagation_IsRefusedAndSlaveIsNot()
    {
        MachineFolders.Check([new() { Type = "bind", Source = "/a", Destination = "/a", Propagation = "rslave" }]);
        Assert.Contains("rshared", Assert.Throws<EngineException>(() => MachineFolders.Check([new() { Type = "bind", Source = "/a", Destination = "/a", Propagation = "rshared" }])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckSources_WhatIsNoFile_IsRefused()
    {
        static InstanceDefinition Of(string source) => Definitions.Make(HostSettings, mounts: [new() { Type = "bind", Source = source, Destination = "/a" }]);
        MachineFolders.CheckSources(Of("/etc"));
        MachineFolders.CheckSources(Of("/etc/passwd"));
        Assert.Throws<EngineException>(() => MachineFolders.CheckSources(Of("/dev/null")));
    }

    [Fact]
    public void Build_Everything_ReachesTheMachine()
    {
        MachineConfig machine = MachinePlan.Build(Definitions.Make(HostSettings, Config), Host, "v", "hosts", "resolver", [Card]);
        Assert.Equal((Definitions.Id, 128L << 20, 2), (machine.Id, machine.Memory, machine.Cpus));
        Assert.Equal(("v", "hosts", "resolver"), (machine.Hostname, machine.Hosts, machine.ResolverConfiguration));
        Assert.Equal([new DiskConfig("/disks/base", true), new DiskConfig("/machine/disk.ext4", false)], machine.Disks);
        NetworkCardConfig card = Assert.Single(machine.Networks);
        Assert.Equal((3, "02:42:0a:00:00:02", "eth0", 1400), (card.Descriptor, card.Mac, card.Name, card.Mtu));
        Assert.Equal(["10.0.0.2/24", "10.0.0.1"], card.Addresses.Concat(card.Gateways));
        WorkloadConfig workload = machine.Workload;
        Assert.Equal(["true"], workload.Args);
        Assert.Equal([SpecBuilder.DefaultPath, "HOSTNAME=v", "TERM=xterm", "A=1"], workload.Env);
        Assert.Equal(("/w", "app:games"), (workload.Cwd, workload.User));
        Assert.Equal(["audio"], workload.Groups);
        Assert.Equal([new LimitConfig(7, 100, ulong.MaxValue)], workload.Limits);
        Assert.True(workload is { Tty: true, OpenStdin: true, Init: true, NoNewPrivileges: true });
    }

    [Fact]
    public void Build_Tmpfs_NamesOfFlagsBecomeFlags()
    {
        PlannedMount mount = new() { Type = "tmpfs", Destination = "/t", ReadOnly = true, TmpfsOptions = ["nosuid", "noexec", "rw", "size=1m", "mode=700", "noatime"] };
        MachineConfig machine = MachinePlan.Build(Definitions.Make(HostSettings, Config, [mount]), Host, "v", "", "", []);
        Assert.Equal(
            [new GuestMountConfig("shm", "/dev/shm", "tmpfs", 2 | 4 | 8, "mode=1777,size=1048576"), new GuestMountConfig("tmpfs", "/t", "tmpfs", 1 | 2 | 8 | 1024, "size=1m,mode=700")],
            machine.Mounts);
    }

    [Fact]
    public void Exec_WhatIsLeftOpen_IsAsTheWorkloadHasIt()
    {
        InstanceDefinition definition = Definitions.Make(HostSettings, Config with { Tty = false });
        WorkloadConfig plain = MachinePlan.Exec(definition, "v", new ExecConfig { Cmd = ["id"] });
        Assert.Equal(("/w", "app:games", false, false, false), (plain.Cwd, plain.User, plain.Tty, plain.OpenStdin, plain.Init));
        Assert.Equal([SpecBuilder.DefaultPath, "HOSTNAME=v", "A=1"], plain.Env);
        WorkloadConfig own = MachinePlan.Exec(definition, "v", new ExecConfig { Cmd = ["id"], User = "root", WorkingDir = "/", Env = ["A=2"], Tty = true, AttachStdin = true });
        Assert.Equal(("/", "root", true, true), (own.Cwd, own.User, own.Tty, own.OpenStdin));
        Assert.Contains("A=2", own.Env);
        Assert.Contains("TERM=xterm", own.Env);
        Assert.True(own.NoNewPrivileges);
    }

    [Fact]
    public void Workload_MoreThanAFrameHolds_IsRefused()
    {
        InstanceDefinition definition = Definitions.Make(HostSettings, Config with { Env = ["BIG=" + new string('x', 60_000)] });
        EngineException refused = Assert.Throws<EngineException>(() => MachinePlan.Workload(definition, "v"));
        Assert.Contains("at most 60000", refused.Message, StringComparison.Ordinal);
    }
}
