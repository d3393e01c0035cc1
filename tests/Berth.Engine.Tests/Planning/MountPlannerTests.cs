using Berth.Engine.Configuration;
using Berth.Engine.Planning;
using Berth.Engine.State;

namespace Berth.Engine.Tests.Planning;

public sealed class MountPlannerTests
{
    private static IReadOnlyList<PlannedMount> Plan(HostConfig host, InstanceConfig? config = null, IReadOnlyList<PlannedMount>? others = null) =>
        MountPlanner.Plan(config ?? new InstanceConfig(), host, static name => "/v/" + name, static () => "anonymous", _ => others ?? [], static name => "sha256:" + name);

    [Fact]
    public void Plan_Binds_AreReadWithTheirModes()
    {
        IReadOnlyList<PlannedMount> mounts = Plan(new HostConfig { Binds = ["/a/../b:/x:ro,rslave", "data:/y/z:nocopy", "/w"] });
        PlannedMount bind = mounts.Single(static m => m.Destination == "/x");
        Assert.Equal(("bind", "/b", true, "rslave"), (bind.Type, bind.Source, bind.ReadOnly, bind.Propagation));
        PlannedMount named = mounts.Single(static m => m.Destination == "/y/z");
        Assert.Equal(("volume", "data", "/v/data", true), (named.Type, named.VolumeName, named.Source, named.NoCopy));
        Assert.True(mounts.Single(static m => m.Destination == "/w").Anonymous);
    }

    [Fact]
    public void Plan_ImageVolume_YieldsToTheUsersMount()
    {
        var config = new InstanceConfig { Volumes = new Dictionary<string, EmptyObject> { ["/x"] = new(), ["/y"] = new() } };
        IReadOnlyList<PlannedMount> mounts = Plan(new HostConfig { Binds = ["/b:/x"] }, config);
        Assert.Equal("bind", mounts.Single(static m => m.Destination == "/x").Type);
        Assert.True(mounts.Single(static m => m.Destination == "/y").Anonymous);
    }

    [Fact]
    public void Plan_VolumesFrom_TakesMountsReadOnly()
    {
        var other = new PlannedMount { Type = "volume", VolumeName = "d", Source = "/v/d", Destination = "/d" };
        Assert.True(Assert.Single(Plan(new HostConfig { VolumesFrom = ["web:ro"] }, null, [other])).ReadOnly);
    }

    [Fact]
    public void Plan_VolumeOptions_AreTaken()
    {
        var options = new VolumeOptions { Subpath = "a//b/.", DriverConfig = new() { Name = "local", Options = new Dictionary<string, string> { ["type"] = "tmpfs", ["device"] = "tmpfs" } } };
        PlannedMount mount = Assert.Single(Plan(new HostConfig { Mounts = [new() { Type = "volume", Source = "data", Target = "/d", VolumeOptions = options }] }));
        Assert.Equal(("a/b", "tmpfs"), (mount.Subpath, mount.VolumeOptions!["type"]));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/x")]
    [InlineData("a/../../x")]
    public void Plan_SubpathThatLeadsOut_IsRefused(string subpath) =>
        Assert.Throws<EngineException>(() => Plan(new HostConfig { Mounts = [new() { Type = "volume", Source = "data", Target = "/d", VolumeOptions = new() { Subpath = subpath } }] }));

    [Fact]
    public void Plan_ContradictingRecursion_IsRefused()
    {
        BindOptions[] wrong =
        [
            new() { ReadOnlyNonRecursive = true, ReadOnlyForceRecursive = true },
            new() { ReadOnlyForceRecursive = true, NonRecursive = true },
            new() { ReadOnlyForceRecursive = true, Propagation = "rslave" },
        ];
        Assert.All(wrong, options => Assert.Throws<EngineException>(() => Plan(new HostConfig { Mounts = [new() { Type = "bind", Source = "/a", Target = "/b", ReadOnly = true, BindOptions = options }] })));
        Assert.Throws<EngineException>(() => Plan(new HostConfig { Mounts = [new() { Type = "bind", Source = "/a", Target = "/b", BindOptions = new() { ReadOnlyNonRecursive = true } }] }));
    }

    [Fact]
    public void Plan_OptionsOfAnotherType_AreRefused()
    {
        MountConfig[] wrong =
        [
            new() { Type = "volume", Target = "/b", BindOptions = new() },
            new() { Type = "tmpfs", Target = "/b", VolumeOptions = new() },
            new() { Type = "bind", Source = "/a", Target = "/b", TmpfsOptions = new() },
        ];
        Assert.All(wrong, mount => Assert.Throws<EngineException>(() => Plan(new HostConfig { Mounts = [mount] })));
    }

    [Theory]
    [InlineData("/a:/")]
    [InlineData("/a:b")]
    [InlineData("a b:/x")]
    [InlineData("/a:/x:wrong")]
    [InlineData("/a:/x:ro:more")]
    [InlineData(":/x")]
    public void Plan_WrongBind_IsRefused(string bind) => Assert.Throws<EngineException>(() => Plan(new HostConfig { Binds = [bind] }));

    [Theory]
    [InlineData("/proc")]
    [InlineData("/proc/")]
    [InlineData("/x/../proc/sys/kernel")]
    [InlineData("/proc/1/root")]
    [InlineData("//proc//sysrq-trigger")]
    public void Plan_DestinationInProc_IsRefused(string destination)
    {
        HostConfig[] hosts = [new() { Binds = ["/a:" + destination] }, new() { Tmpfs = new Dictionary<string, string> { [destination] = "" } }, new() { Mounts = [new() { Type = "volume", Target = destination }] }];
        Assert.All(hosts, host => Assert.Contains("inside /proc", Assert.Throws<EngineException>(() => Plan(host)).Message, StringComparison.Ordinal));
        Assert.Throws<EngineException>(() => Plan(new HostConfig(), new InstanceConfig { Volumes = new Dictionary<string, EmptyObject> { [destination] = new() } }));
        Assert.Single(Plan(new HostConfig { Binds = ["/a:/proc/cpuinfo"] }));
    }

    [Theory]
    [InlineData("size=1\nuid=0")]
    [InlineData("size=-1")]
    [InlineData("size=")]
    [InlineData("size=abc")]
    [InlineData("mode=999")]
    [InlineData("mode=77777")]
    [InlineData("uid=99999999999")]
    [InlineData("gid=-1")]
    [InlineData("nr_inodes=1 2")]
    [InlineData("mpol=bind,0")]
    [InlineData("bind")]
    [InlineData("rbind")]
    [InlineData("shared")]
    [InlineData("source=/etc")]
    [InlineData("exec=1")]
    public void Plan_TmpfsOption_OutOfItsForm_IsRefusedInBothForms(string option)
    {
        Assert.Throws<EngineException>(() => Plan(new HostConfig { Tmpfs = new Dictionary<string, string> { ["/t"] = option } }));
        Assert.Throws<EngineException>(() => Plan(new HostConfig { Mounts = [new() { Type = "tmpfs", Target = "/t", TmpfsOptions = new() { Options = [option.Split('=')] } }] }));
    }

    [Fact]
    public void Plan_TmpfsOptions_OfTheirForm_ReachTheMount()
    {
        PlannedMount mount = Assert.Single(Plan(new HostConfig { Tmpfs = new Dictionary<string, string> { ["/t"] = "exec,size=64m,mode=1777,uid=1000,nr_inodes=5k,ro" } }));
        Assert.Equal(["nosuid", "nodev", "size=64m", "mode=1777", "uid=1000", "nr_inodes=5k"], mount.TmpfsOptions);
        Assert.True(mount.ReadOnly);
    }

    [Fact]
    public void Plan_SameDestinationTwice_IsRefused() => Assert.Throws<EngineException>(() => Plan(new HostConfig { Binds = ["/a:/x", "/b:/x/"] }));

    [Fact]
    public void Plan_Tmpfs_KeepsSafeDefaults()
    {
        PlannedMount mount = Assert.Single(Plan(new HostConfig { Tmpfs = new Dictionary<string, string> { ["/t"] = "size=1m,exec" } }));
        Assert.Equal(["nosuid", "nodev", "size=1m"], mount.TmpfsOptions);
        Assert.Throws<EngineException>(() => Plan(new HostConfig { Tmpfs = new Dictionary<string, string> { ["/t"] = "bind" } }));
    }
}
