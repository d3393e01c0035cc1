using Berth.Containers.Security;

namespace Berth.Containers.Tests.Security;

public class CapabilityTests
{
    [Theory]
    [InlineData("CAP_NET_ADMIN")]
    [InlineData("net_admin")]
    [InlineData("cap_Net_Admin")]
    public void TryParseName_AnyForm_IsUnderstood(string name)
    {
        Assert.True(CapabilitySet.TryParseName(name, out Capability capability));
        Assert.Equal(Capability.NET_ADMIN, capability);
    }

    [Theory]
    [InlineData("")]
    [InlineData("CAP_")]
    [InlineData("ALL")]
    [InlineData("12")]
    [InlineData("CHOWN,KILL")]
    [InlineData(" CHOWN")]
    [InlineData("CAP_CAP_CHOWN")]
    public void TryParseName_NotAName_IsRefused(string name) => Assert.False(CapabilitySet.TryParseName(name, out _));

    [Fact]
    public void Sets_AreAsTheKernelNumbersThem()
    {
        Assert.Equal(41, CapabilitySet.All.Count);
        Assert.Equal(14, CapabilitySet.Default.Count);
        Assert.Equal(0xA80425FBUL, CapabilitySet.Default.Bits); // CapEff of a Docker container
        Assert.Equal(CapabilitySet.Default, CapabilitySet.Parse(CapabilitySet.Default.Names()));
    }

    [Theory]
    [InlineData("", "", false, "default")]
    [InlineData("NET_ADMIN", "", false, "default+NET_ADMIN")]
    [InlineData("", "KILL", false, "default-KILL")]
    [InlineData("KILL", "KILL", false, "default")]
    [InlineData("ALL", "", false, "all")]
    [InlineData("ALL", "MKNOD", false, "all-MKNOD")]
    [InlineData("", "ALL", false, "none")]
    [InlineData("CAP_CHOWN", "all", false, "none+CHOWN")]
    [InlineData("ALL", "ALL", false, "all")]
    [InlineData("", "ALL", true, "all")]
    public void Resolve_AddAndDrop_FollowDocker(string add, string drop, bool privileged, string expected)
    {
        CapabilitySet wanted = expected.Split('+', '-')[0] switch { "default" => CapabilitySet.Default, "all" => CapabilitySet.All, _ => CapabilitySet.Empty };
        if (expected.IndexOf('+') is > 0 and int plus)
            wanted |= CapabilitySet.Parse([expected[(plus + 1)..]]);
        if (expected.IndexOf('-') is > 0 and int minus)
            wanted -= CapabilitySet.Parse([expected[(minus + 1)..]]);
        Assert.Equal(wanted, CapabilityRules.Resolve(List(add), List(drop), privileged, CapabilitySet.All));
    }

    [Fact]
    public void Resolve_HostLacksSome_TheyAreLeftOut()
    {
        CapabilitySet host = CapabilitySet.All - CapabilitySet.Of(Capability.SYS_RESOURCE);
        Assert.Equal(host, CapabilityRules.Resolve([], [], privileged: true, host));
        Assert.Equal(CapabilitySet.Of(Capability.SYS_RESOURCE), CapabilityRules.Unavailable(["SYS_RESOURCE", "KILL"], host));
    }

    [Fact]
    public void Resolve_UnknownName_IsRefused() =>
        Assert.Contains("CapAdd", Assert.Throws<ArgumentException>(static () => CapabilityRules.Resolve(["FLY"], [], false, CapabilitySet.All)).Message, StringComparison.Ordinal);

    [Fact]
    public void OfThisProcess_IsPartOfAll() => Assert.Equal(CapabilitySet.Empty, CapabilitySet.OfThisProcess() - CapabilitySet.All);

    private static string[] List(string names) => names.Length == 0 ? [] : [names];
}
