using System.Net;
using System.Net.Sockets;
using System.Text;
using Berth.Networks.Addresses;
using Berth.Networks.Bridges;

namespace Berth.Networks.Filtering;

/// <summary>
/// The one table that does address translation, publishing and isolation for all networks of a daemon, as text for nft(8). It replaces the
/// table there was in one transaction; other tables are not touched.
/// </summary>
public static class Ruleset
{
    /// <summary>Removes a table; no error when there is none.</summary>
    public static string Removal(string table) => $"table inet {table}\ndelete table inet {table}\n";

    /// <param name="table">Its name.</param>
    /// <param name="bridges">Networks that are up, with the port of their name server.</param>
    /// <param name="ports">Published ports.</param>
    public static string Text(string table, IReadOnlyList<(BridgeConfig Bridge, int ResolverPort)> bridges, IReadOnlyList<PublishedPort> ports)
    {
        var text = new StringBuilder(Removal(table)).Append("table inet ").Append(table).Append(" {\n");
        NameSet(text, "bridges", bridges.Select(static b => b.Bridge));
        NameSet(text, "internal", bridges.Where(static b => b.Bridge.IsInternal).Select(static b => b.Bridge));

        Chain(text, "prerouting", "type nat hook prerouting priority -100; policy accept;",
        [
            .. bridges.SelectMany(static b => Resolver(b.Bridge, b.ResolverPort)),
            "fib daddr type local jump publish",
        ]);
        // What goes to a loopback address cannot leave by another interface: a proxy answers there.
        Chain(text, "output", "type nat hook output priority -100; policy accept;",
            ["ip daddr 127.0.0.0/8 return", "ip6 daddr ::1 return", "fib daddr type local jump publish"]);
        Chain(text, "publish", null, [.. Publishing(ports)]);
        Chain(text, "postrouting", "type nat hook postrouting priority 100; policy accept;", [.. bridges.SelectMany(static b => Sources(b.Bridge))]);
        Chain(text, "forward", "type filter hook forward priority 0; policy accept;",
        [
            "oifname @bridges ct state established,related accept",
            .. bridges.Select(static b => $"iifname \"{b.Bridge.Name}\" oifname \"{b.Bridge.Name}\" accept"),
            "iifname @internal drop",
            "oifname @internal drop",
            "oifname @bridges ct status dnat accept",
            "oifname @bridges drop",
        ]);
        return text.Append("}\n").ToString();
    }

    private static IEnumerable<string> Resolver(BridgeConfig bridge, int port)
    {
        if (port == 0)
            yield break;
        foreach (string protocol in (string[])["udp", "tcp"])
            yield return $"iifname \"{bridge.Name}\" ip daddr {bridge.IPv4.Gateway} {protocol} dport 53 dnat ip to {bridge.IPv4.Gateway}:{port}";
    }

    private static IEnumerable<string> Sources(BridgeConfig bridge)
    {
        foreach (AddressPlan plan in bridge.Plans)
        {
            string family = plan.Subnet.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? "ip" : "ip6";
            if (bridge.Masquerades && !bridge.IsInternal)
                yield return $"{family} saddr {plan.Subnet} oifname != \"{bridge.Name}\" masquerade";
            // An endpoint that calls a published port of its own network: the answer must come back through the host.
            yield return $"{family} saddr {plan.Subnet} oifname \"{bridge.Name}\" ct status dnat masquerade";
        }
    }

    // One map for each form, so that the number of ports costs nothing; the nearer form first.
    private static IEnumerable<string> Publishing(IReadOnlyList<PublishedPort> ports)
    {
        foreach (bool any in (bool[])[false, true])
        {
            foreach (AddressFamily family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            {
                foreach (string protocol in (string[])["tcp", "udp"])
                {
                    PublishedPort[] some = [.. ports.Where(p => p.Protocol == protocol && p.HostAddress.AddressFamily == family && p.Target.AddressFamily == family
                        && IsAny(p.HostAddress) == any && !IPAddress.IsLoopback(p.HostAddress))];
                    if (some.Length == 0)
                        continue;
                    string ip = family == AddressFamily.InterNetwork ? "ip" : "ip6";
                    string key = any ? $"{protocol} dport" : $"{ip} daddr . {protocol} dport";
                    IEnumerable<string> elements = some.Select(p => $"{(any ? "" : $"{p.HostAddress} . ")}{p.HostPort} : {p.Target} . {p.TargetPort}");
                    yield return $"meta nfproto {(ip == "ip" ? "ipv4" : "ipv6")} dnat {ip} to {key} map {{ {string.Join(", ", elements)} }}";
                }
            }
        }
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static void NameSet(StringBuilder text, string name, IEnumerable<BridgeConfig> bridges)
    {
        text.Append(" set ").Append(name).Append(" { type ifname;");
        string[] elements = [.. bridges.Select(static b => $"\"{b.Name}\"")];
        if (elements.Length > 0)
            text.Append(" elements = { ").AppendJoin(", ", elements).Append(" };");
        text.Append(" }\n");
    }

    private static void Chain(StringBuilder text, string name, string? hook, IReadOnlyList<string> rules)
    {
        text.Append(" chain ").Append(name).Append(" {\n");
        if (hook is not null)
            text.Append("  ").Append(hook).Append('\n');
        foreach (string rule in rules)
            text.Append("  ").Append(rule).Append('\n');
        text.Append(" }\n");
    }
}
