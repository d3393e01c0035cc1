using Berth.Engine.Configuration;
using Berth.Engine.Instances;
using Berth.Engine.State;
using Berth.Networks.Bridges;

namespace Berth.Engine.Networks;

/// <summary>Shows networks and ports of instances as inspect and list do.</summary>
internal static class NetworkViews
{
    public static NetworkSettingsView Settings(EngineContext context, Instance instance)
    {
        IReadOnlyDictionary<string, EndpointConfig> networks = Networks(context, instance.Definition);
        EndpointConfig? first = networks.GetValueOrDefault(Network.DefaultName);
        return new NetworkSettingsView
        {
            SandboxID = context.Endpoints.Find(instance.Id) is { Endpoints: [var endpoint, ..] } ? endpoint.EndpointId : "",
            SandboxKey = instance.State.IsRunning ? $"/proc/{instance.State.Pid}/ns/net" : "",
            Ports = Bindings(context, instance.Definition),
            EndpointID = first?.EndpointID ?? "",
            Gateway = first?.Gateway ?? "",
            IPAddress = first?.IPAddress ?? "",
            IPPrefixLen = first?.IPPrefixLen ?? 0,
            MacAddress = first?.MacAddress ?? "",
            Networks = networks,
        };
    }

    /// <summary>Endpoints by network name: the wishes, and for a running instance the facts.</summary>
    public static IReadOnlyDictionary<string, EndpointConfig> Networks(EngineContext context, InstanceDefinition definition)
    {
        if (definition.HostConfig.NetworkMode is "none" or "host")
            return new Dictionary<string, EndpointConfig> { [definition.HostConfig.NetworkMode] = new() };
        AttachmentRow? attachment = context.Endpoints.Find(definition.Id);
        return (definition.NetworkingConfig.EndpointsConfig ?? new Dictionary<string, EndpointConfig?>())
            .ToDictionary(static e => e.Key, e => Endpoint(context, e.Value ?? new EndpointConfig(), attachment));
    }

    /// <summary>Published ports, then those that are only exposed.</summary>
    public static IReadOnlyList<PortView> Ports(EngineContext context, InstanceDefinition definition)
    {
        IReadOnlyList<PortRow> published = context.Endpoints.Find(definition.Id)?.Ports ?? [];
        return
        [
            .. published.Select(static p => new PortView { IP = p.HostAddress, PrivatePort = p.TargetPort, PublicPort = p.HostPort, Type = p.Protocol }),
            .. Exposed(definition).Where(e => !published.Any(p => p.TargetPort == e.Port && p.Protocol == e.Protocol)).Select(static e => new PortView { PrivatePort = e.Port, Type = e.Protocol }),
        ];
    }

    private static Dictionary<string, IReadOnlyList<PortBinding>?> Bindings(EngineContext context, InstanceDefinition definition)
    {
        var ports = new Dictionary<string, IReadOnlyList<PortBinding>?>();
        if (context.Endpoints.Find(definition.Id) is not { } attachment)
            return ports;
        foreach ((ushort port, string protocol) in Exposed(definition))
            ports[$"{port}/{protocol}"] = null;
        foreach (IGrouping<string, PortRow> group in attachment.Ports.GroupBy(static p => $"{p.TargetPort}/{p.Protocol}"))
            ports[group.Key] = [.. group.Select(static p => new PortBinding { HostIp = p.HostAddress, HostPort = p.HostPort.ToString() })];
        return ports;
    }

    private static IEnumerable<(ushort Port, string Protocol)> Exposed(InstanceDefinition definition)
    {
        foreach (string key in definition.Config.ExposedPorts?.Keys ?? [])
        {
            int slash = key.IndexOf('/', StringComparison.Ordinal);
            if (ushort.TryParse(slash < 0 ? key : key[..slash], out ushort port))
                yield return (port, slash < 0 ? "tcp" : key[(slash + 1)..]);
        }
    }

    private static EndpointConfig Endpoint(EngineContext context, EndpointConfig wish, AttachmentRow? attachment)
    {
        if (attachment?.Endpoints.FirstOrDefault(e => e.NetworkId == wish.NetworkID) is not { } fact || context.Networks.Find(wish.NetworkID) is not { } network)
            return wish;
        BridgeConfig bridge = network.Bridge;
        return wish with
        {
            MacAddress = fact.Mac,
            EndpointID = fact.EndpointId,
            Gateway = bridge.IsInternal ? "" : bridge.IPv4.Gateway.ToString(),
            IPAddress = fact.IPv4,
            IPPrefixLen = bridge.IPv4.Subnet.PrefixLength,
            IPv6Gateway = bridge.IsInternal ? "" : bridge.IPv6?.Gateway.ToString() ?? "",
            GlobalIPv6Address = fact.IPv6 ?? "",
            GlobalIPv6PrefixLen = fact.IPv6 is null ? 0 : bridge.IPv6?.Subnet.PrefixLength ?? 0,
            DNSNames = fact.Names,
        };
    }
}
