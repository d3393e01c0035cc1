using System.Net;
using Berth.Networks.Addresses;

namespace Berth.Networks.Tests.Addresses;

public sealed class SubnetPoolTests
{
    [Fact]
    public void Choose_SkipsEverythingThatOverlaps()
    {
        SubnetPool[] pools = [SubnetPool.Parse("10.0.0.0/22,24"), SubnetPool.Parse("10.9.0.0/24,24")];
        IPNetwork[] used = [IPNetwork.Parse("10.0.0.0/25"), IPNetwork.Parse("10.0.2.0/23")];
        Assert.Equal("10.0.1.0/24", SubnetPool.Choose(pools, used).ToString());
        Assert.Equal("10.9.0.0/24", SubnetPool.Choose(pools, [.. used, IPNetwork.Parse("10.0.1.7/32")]).ToString());
        Assert.Equal(NetworkErrorCode.Exhausted, Assert.Throws<NetworkException>(() => SubnetPool.Choose(pools, [IPNetwork.Parse("10.0.0.0/8")])).Code);
    }

    [Theory]
    [InlineData("10.0.0.0/16")]
    [InlineData("10.0.0.0/16,8")]
    [InlineData("10.0.0.0/16,30")]
    [InlineData("fd00::/48,64")]
    public void Parse_WhatIsNoPool_IsRefused(string text) => Assert.Throws<FormatException>(() => SubnetPool.Parse(text));

    [Fact]
    public void UniqueLocal_SameName_SameSubnet()
    {
        Assert.Equal(SubnetPool.UniqueLocal("a"), SubnetPool.UniqueLocal("a"));
        Assert.NotEqual(SubnetPool.UniqueLocal("a"), SubnetPool.UniqueLocal("b"));
        Assert.StartsWith("fd", SubnetPool.UniqueLocal("a").ToString(), StringComparison.Ordinal);
    }
}
