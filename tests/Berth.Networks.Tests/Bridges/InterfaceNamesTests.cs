using Berth.Networks.Bridges;

namespace Berth.Networks.Tests.Bridges;

public sealed class InterfaceNamesTests
{
    private const string Id = "0123456789abcdef";

    [Fact]
    public void Names_FitIntoTheKernelsLimitAndDifferByRunRoot()
    {
        InterfaceNames usual = new("/run/berth"), other = new("/tmp/x/run");
        Assert.Equal(("berth0", "berth"), (usual.DefaultBridge, usual.Table));
        string[] own = [other.DefaultBridge, other.Bridge(Id), other.Port(Id), other.Tap(Id)], theirs = [usual.DefaultBridge, usual.Bridge(Id), usual.Port(Id), usual.Tap(Id)];
        Assert.All(own.Concat(theirs), static name => Assert.InRange(name.Length, 1, 15));
        Assert.Equal(8, own.Concat(theirs).Distinct().Count());
        Assert.All(own, name => Assert.True(other.IsOurs(name) && !usual.IsOurs(name)));
        Assert.All((string[])["eth0", "docker0", "br0", "veth12345", "vt", "br-0123456789"], name => Assert.False(other.IsOurs(name)));
    }
}
