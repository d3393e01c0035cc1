namespace Berth.Compose.Model;

/// <summary>Reads a service's place on networks.</summary>
internal static class NetworkReader
{
    /// <summary>The settings.</summary>
    public static NetworkSettings Read(Fields fields)
    {
        var mode = fields.Text("network_mode");
        var endpoints = fields.Named("networks", ReadEndpoint).Values.OrderByDescending(endpoint => endpoint.Priority).ToList();
        if (mode is not null && endpoints.Count > 0)
        {
            throw new ComposeException(fields.MarkOf("network_mode"), $"{fields.What} has both network_mode and networks");
        }
        return new NetworkSettings
        {
            Mode = mode,
            Endpoints = mode is not null ? [] : endpoints.Count > 0 ? endpoints : [new Endpoint("default")],
            Ports = fields.List("ports", ReadPort),
            Expose = [.. fields.Texts("expose").Select(port => port.Contains('/', StringComparison.Ordinal) ? port : $"{port}/tcp")],
            Hostname = fields.Text("hostname"),
            Domainname = fields.Text("domainname"),
            MacAddress = fields.Text("mac_address"),
            Dns = fields.Texts("dns"),
            DnsSearch = fields.Texts("dns_search"),
            DnsOptions = fields.Texts("dns_opt"),
            Links = fields.Texts("links"),
            ExtraHosts = ExtraHosts(fields),
        };
    }

    /// <summary>Hosts as the engine takes them, <c>name:address</c>.</summary>
    public static IReadOnlyList<string> ExtraHosts(Fields fields) =>
        [.. fields.Texts("extra_hosts").Select(host => host.Split('=', 2)).Select(parts => $"{parts[0]}:{parts[^1]}")];

    private static Endpoint ReadEndpoint(string name, Fields fields)
    {
        fields.Ignore("link_local_ips", "interface_name");
        return new Endpoint(name)
        {
            Aliases = fields.Texts("aliases"),
            Ipv4 = fields.Text("ipv4_address"),
            Ipv6 = fields.Text("ipv6_address"),
            MacAddress = fields.Text("mac_address"),
            DriverOptions = fields.TextPairs("driver_opts"),
            Priority = Math.Max(fields.Number("gw_priority") ?? 0, fields.Number("priority") ?? 0),
        };
    }

    private static Port ReadPort(Fields fields)
    {
        fields.Ignore("mode", "name", "app_protocol");
        var target = fields.Number("target") is > 0 and <= 65535 and var number ? number : throw new ComposeException(fields.Mark, $"{fields.What} needs a target of 1 to 65535");
        return new Port($"{target}/{fields.OneOf("protocol", "tcp", "udp", "sctp") ?? "tcp"}", fields.Text("published"), fields.Text("host_ip"));
    }
}
