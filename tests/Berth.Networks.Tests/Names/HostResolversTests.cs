using Berth.Networks.Names;

namespace Berth.Networks.Tests.Names;

public sealed class HostResolversTests
{
    [Fact]
    public void Parse_TakesThreeServersAndSkipsTheRest() => Assert.Equal(
        ["10.0.0.1", "fd00::1", "10.0.0.2"],
        HostResolvers.Parse(["# nameserver 9.9.9.9", "search lan", "nameserver 10.0.0.1", "nameserver\tfd00::1 # mine", "nameserver none", "nameserver 10.0.0.2", "nameserver 10.0.0.3"])
            .Select(static a => a.ToString()));
}
