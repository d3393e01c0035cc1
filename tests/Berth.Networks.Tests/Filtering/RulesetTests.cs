using System.Net;
using Berth.Networks.Addresses;
using Berth.Networks.Bridges;
using Berth.Networks.Filtering;
using Berth.Testing;

namespace Berth.Networks.Tests.Filtering;

public sealed class RulesetTests
{
    private static readonly BridgeConfig Web = new() { Name = "br1", IPv4 = AddressPlan.Create("10.1.0.0/24", null, null, null), IPv6 = AddressPlan.Create("fd01::/64", null, null, null) };
    private static readonly BridgeConfig Data = new() { Name = "br2", IPv4 = AddressPlan.Create("10.2.0.0/24", null, null, null), IsInternal = true };

    private static readonly PublishedPort[] Ports =
    [
        new("tcp", IPAddress.Any, 8080, IPAddress.Parse("10.1.0.2"), 80),
        new("tcp", IPAddress.IPv6Any, 8080, IPAddress.Parse("fd01::2"), 80),
        new("tcp", IPAddress.IPv6Any, 8081, IPAddress.Parse("10.1.0.2"), 80),
        new("tcp", IPAddress.Loopback, 8082, IPAddress.Parse("10.1.0.2"), 80),
        new("udp", IPAddress.Parse("192.0.2.9"), 53, IPAddress.Parse("10.1.0.3"), 5353),
    ];

    private static string Text { get; } = Ruleset.Text("t", [(Web, 4053), (Data, 4054)], Ports);

    [Fact]
    public void Text_ReplacesItsOwnTableAlone()
    {
        Assert.StartsWith("table inet t\ndelete table inet t\ntable inet t {\n", Text, StringComparison.Ordinal);
        Assert.DoesNotContain("flush", Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_Ports_OnlyThoseTheKernelCanTranslateAndTheNearerFirst()
    {
        Assert.Contains("meta nfproto ipv4 dnat ip to tcp dport map { 8080 : 10.1.0.2 . 80 }", Text, StringComparison.Ordinal);
        Assert.Contains("meta nfproto ipv6 dnat ip6 to tcp dport map { 8080 : fd01::2 . 80 }", Text, StringComparison.Ordinal);
        Assert.Contains("dnat ip to ip daddr . udp dport map { 192.0.2.9 . 53 : 10.1.0.3 . 5353 }", Text, StringComparison.Ordinal);
        Assert.DoesNotContain("8081", Text, StringComparison.Ordinal);
        Assert.DoesNotContain("8082", Text, StringComparison.Ordinal);
        Assert.True(Text.IndexOf("ip daddr . udp", StringComparison.Ordinal) < Text.IndexOf("to tcp dport map", StringComparison.Ordinal));
    }

    [Fact]
    public void Text_Internal_IsNeverTranslatedAndNeverLeft()
    {
        Assert.Contains("ip saddr 10.1.0.0/24 oifname != \"br1\" masquerade", Text, StringComparison.Ordinal);
        Assert.Contains("ip6 saddr fd01::/64 oifname != \"br1\" masquerade", Text, StringComparison.Ordinal);
        Assert.DoesNotContain("ip saddr 10.2.0.0/24 oifname != ", Text, StringComparison.Ordinal);
        Assert.Contains("set internal { type ifname; elements = { \"br2\" }; }", Text, StringComparison.Ordinal);
        Assert.True(Text.IndexOf("iifname @internal drop", StringComparison.Ordinal) < Text.IndexOf("ct status dnat accept", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Text_InANamespaceOfItsOwn_IsTakenByNftTwiceAndRemoved()
    {
        Requires.That(Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/nft"), "root and nft");
        string empty = Ruleset.Text("t", [], []);
        string script = $"nft -f - <<'END'\n{Text}END\nnft -f - <<'END'\n{Text}END\nnft list table inet t | grep -c masquerade; nft -f - <<'END'\n{empty}END\nnft -f - <<'END'\n{Ruleset.Removal("t")}END\nnft list tables";
        CommandResult result = await Command.RunAsync("unshare", ["-n", "bash", "-ec", script], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("5", result.Expect().Text);
    }
}
