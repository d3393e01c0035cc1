using Berth.Cli.Api;

namespace Berth.Cli.CommandLine;

public sealed class BerthPathsTests
{
    private static BerthPaths Resolve(string? host = null, string? runRoot = null, params (string Name, string Value)[] environment) =>
        BerthPaths.Resolve(host, null, runRoot, name => environment.FirstOrDefault(pair => pair.Name == name).Value);

    [Fact]
    public void Resolve_Nothing_UsesDefaults() =>
        Assert.Equal(new BerthPaths("/run/berth/berth.sock", "/var/lib/berth", "/run/berth"), Resolve());

    [Fact]
    public void Resolve_RunRoot_MovesTheSocket() => Assert.Equal("/x/berth.sock", Resolve(runRoot: "/x").Socket);

    [Fact]
    public void Resolve_Flag_BeatsEnvironment() => Assert.Equal("/a.sock", Resolve("unix:///a.sock", null, ("BERTH_HOST", "unix:///b.sock")).Socket);

    [Fact]
    public void Resolve_DockerHost_IsNotRead() => Assert.Equal("/run/berth/berth.sock", Resolve(null, null, ("DOCKER_HOST", "unix:///b.sock")).Socket);

    [Theory]
    [InlineData("tcp://1.2.3.4:2375")]
    [InlineData("/run/x.sock")]
    [InlineData("unix://")]
    public void Resolve_OtherAddresses_AreRefused(string host) => Assert.Throws<CliException>(() => Resolve(host));

    [Fact]
    public void Resolve_TooLongPath_IsRefused() => Assert.Throws<CliException>(() => Resolve("unix:///" + new string('a', 200)));
}
