using Berth.Engine.Configuration;
using Berth.Engine.Planning;
using Berth.Vmm.Control;

namespace Berth.Engine.Tests.Machines;

public sealed class MachineRulesTests
{
    private static readonly HostConfig Plain = new() { Runtime = "vm" };

    private static IReadOnlyList<string> Validate(HostConfig host, InstanceConfig? config = null) =>
        RequestValidator.Validate(Definitions.Request(host with { Runtime = "vm" }, config), Definitions.Host);

    private static EngineException Refused(HostConfig host, InstanceConfig? config = null) => Assert.Throws<EngineException>(() => Validate(host, config));

    [Fact]
    public void Check_CpuEngine_IsOneOfThose()
    {
        foreach (string engine in (string[])["auto", "kvm", "translator", "interpreter"]) Assert.Empty(Validate(Plain with { Annotations = Engine(engine) }));
        Assert.Contains("berth.cpu-engine", Refused(Plain with { Annotations = Engine("qemu") }).Message, StringComparison.Ordinal);

        static Dictionary<string, string> Engine(string name) => new() { ["berth.cpu-engine"] = name };
    }

    [Fact]
    public void Check_DirectExecution_IsTrueOrFalse()
    {
        foreach (string value in (string[])["true", "false"]) Assert.Empty(Validate(Plain with { Annotations = Direct(value) }));
        Assert.Contains("berth.direct-execution", Refused(Plain with { Annotations = Direct("no") }).Message, StringComparison.Ordinal);

        static Dictionary<string, string> Direct(string value) => new() { ["berth.direct-execution"] = value };
    }

    [Fact]
    public void Check_WhatAMachineHas_IsTaken()
    {
        HostConfig host = Plain with
        {
            Memory = 512 << 20,
            NanoCpus = 1_500_000_000,
            NetworkMode = "none",
            IpcMode = "private",
            Init = true,
            ShmSize = 1 << 20,
            GroupAdd = ["games"],
            SecurityOpt = ["no-new-privileges:true"],
            StorageOpt = new Dictionary<string, string> { ["size"] = "2g" },
            Tmpfs = new Dictionary<string, string> { ["/t"] = "size=1m" },
            Mounts = [new MountConfig { Type = "tmpfs", Target = "/u" }, new MountConfig { Type = "bind", Source = "/tmp", Target = "/v" }],
            Binds = ["data:/w", "/tmp:/x:ro"],
            VolumesFrom = ["other"],
            Ulimits = [new Ulimit { Name = "nofile", Soft = 10, Hard = 20 }],
            RestartPolicy = new RestartPolicy { Name = "always" },
            BlkioWeight = 100,
        };
        Assert.Empty(Validate(host));
        Assert.Empty(Validate(Plain with { NetworkMode = "bridge", PublishAllPorts = true }));
    }

    [Fact]
    public void Check_WhatAMachineHasNot_IsRefusedByFieldWithTheWayOut()
    {
        (HostConfig Host, string Field)[] cases =
        [
            (new() { ReadonlyRootfs = true }, "HostConfig.ReadonlyRootfs"),
            (new() { NetworkMode = "host" }, "HostConfig.NetworkMode"), (new() { NetworkMode = "container:other" }, "HostConfig.NetworkMode"),
            (new() { PidMode = "host" }, "HostConfig.PidMode"), (new() { PidMode = "container:other" }, "HostConfig.PidMode"), (new() { IpcMode = "host" }, "HostConfig.IpcMode"),
            (new() { UTSMode = "host" }, "HostConfig.UTSMode"), (new() { UsernsMode = "host" }, "HostConfig.UsernsMode"), (new() { CgroupnsMode = "host" }, "HostConfig.CgroupnsMode"),
            (new() { Sysctls = new Dictionary<string, string> { ["net.ipv4.ip_forward"] = "1" } }, "HostConfig.Sysctls"), (new() { Privileged = true }, "HostConfig.Privileged"),
            (new() { CapAdd = ["NET_ADMIN"] }, "HostConfig.CapAdd"), (new() { CapDrop = ["ALL"] }, "HostConfig.CapDrop"), (new() { SecurityOpt = ["seccomp=unconfined"] }, "HostConfig.SecurityOpt"),
            (new() { MaskedPaths = [] }, "HostConfig.MaskedPaths"), (new() { Devices = [new() { PathOnHost = "/dev/null" }] }, "HostConfig.Devices"),
            (new() { DeviceCgroupRules = ["c 1:3 rwm"] }, "DeviceCgroupRules"), (new() { PidsLimit = 10 }, "HostConfig.PidsLimit"),
        ];
        foreach ((HostConfig host, string field) in cases)
        {
            EngineException refused = Refused(host);
            Assert.Equal(EngineErrorKind.NotImplemented, refused.Kind);
            Assert.StartsWith(field, refused.Message.Replace("HostConfig.Devices, ", field == "DeviceCgroupRules" ? "" : "HostConfig.Devices, ", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.Equal(3, refused.Message.Split(": ").Length - 1);
        }
        var config = new InstanceConfig { Image = "busybox" };
        Assert.StartsWith("Domainname:", Refused(Plain, config with { Domainname = "example" }).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1L << 20, "1 MiB are too small", "use at least 80m")]
    [InlineData(MachineLimits.MinMemory - 1, "83886079 bytes are too small", "use at least 80m")]
    [InlineData(MachineLimits.MaxMemory + 1, "are too large", "use at most")]
    public void Check_Memory_OutsideAMachinesBoundsIsRefused(long memory, string problem, string fix)
    {
        EngineException refused = Refused(Plain with { Memory = memory });
        Assert.Equal(EngineErrorKind.InvalidParameter, refused.Kind);
        Assert.StartsWith("HostConfig.Memory: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
        Assert.Contains(fix, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_MoreProcessorsThanTheHostHas_IsRefused() => Assert.Contains("from 0.01 to 4.00", Refused(Plain with { NanoCpus = 500_000_000_000 }).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("size", "1m")]
    [InlineData("size", "9t")]
    [InlineData("size", "much")]
    [InlineData("inodes", "100")]
    public void Check_StorageOptions_OnlyASoundSizeIsTaken(string name, string value) =>
        Assert.Contains("HostConfig.StorageOpt", Refused(Plain with { StorageOpt = new Dictionary<string, string> { [name] = value } }).Message, StringComparison.Ordinal);
}
