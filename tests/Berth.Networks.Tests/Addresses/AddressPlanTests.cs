using System.Net;
using Berth.Networks.Addresses;

namespace Berth.Networks.Tests.Addresses;

public sealed class AddressPlanTests
{
    [Fact]
    public void Create_Defaults_GatewayIsTheFirstAddressAndHostBitsAreIgnored()
    {
        AddressPlan plan = AddressPlan.Create("10.5.3.7/16", null, null, null);
        Assert.Equal(("10.5.0.0/16", "10.5.0.0/16", "10.5.0.1"), (plan.Subnet.ToString(), plan.Range.ToString(), plan.Gateway.ToString()));
        Assert.Equal("fd00:5::1", AddressPlan.Create("fd00:5::/64", null, null, null).Gateway.ToString());
    }

    [Theory]
    [InlineData("10.5.0.0/31", null, null)]
    [InlineData("0.0.0.0/0", null, null)]
    [InlineData("10.5.0.0", null, null)]
    [InlineData("10.5.0.0/33", null, null)]
    [InlineData("fe80::%eth0/64", null, null)]
    [InlineData("10.5.0.0/24", "10.6.0.0/25", null)]
    [InlineData("10.5.0.0/24", "10.5.0.0/16", null)]
    [InlineData("10.5.0.0/24", null, "10.5.1.1")]
    [InlineData("10.5.0.0/24", null, "10.5.0.0")]
    [InlineData("10.5.0.0/24", null, "10.5.0.255")]
    [InlineData("10.5.0.0/24", null, "fd00::1")]
    public void Create_WhatDoesNotFit_IsInvalid(string subnet, string? range, string? gateway) =>
        Assert.Equal(NetworkErrorCode.Invalid, Assert.Throws<NetworkException>(() => AddressPlan.Create(subnet, range, gateway, null)).Code);

    [Fact]
    public void NextFree_SmallSubnet_GivesEachHostOnceAndThenNone()
    {
        AddressPlan plan = AddressPlan.Create("10.5.0.0/29", null, null, ["10.5.0.4"]);
        var taken = new HashSet<IPAddress>();
        while (plan.NextFree(taken.Contains) is { } next)
            Assert.True(taken.Add(next));
        Assert.Equal(["10.5.0.2", "10.5.0.3", "10.5.0.5", "10.5.0.6"], taken.Select(static a => a.ToString()));
    }

    [Fact]
    public void NextFree_Range_IsKeptButFixedAddressesMayLieOutside()
    {
        AddressPlan plan = AddressPlan.Create("10.5.0.0/24", "10.5.0.128/26", null, null);
        Assert.Equal("10.5.0.128", plan.NextFree(static _ => false)!.ToString());
        Assert.True(plan.MayBeGiven(IPAddress.Parse("10.5.0.9")));
        Assert.False(plan.MayBeGiven(IPAddress.Parse("10.5.0.1")));
        Assert.False(plan.MayBeGiven(IPAddress.Parse("10.5.0.255")));
    }

    [Fact]
    public void NextFree_EndOfAllAddresses_Ends()
    {
        AddressPlan plan = AddressPlan.Create("255.255.255.252/30", null, null, null);
        Assert.Equal("255.255.255.254", plan.NextFree(static _ => false)!.ToString());
        Assert.Null(plan.NextFree(static _ => true));
    }
}
