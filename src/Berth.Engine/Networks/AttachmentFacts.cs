using Berth.Containers.Interfaces;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Networks.Bridges;

namespace Berth.Engine.Networks;

/// <summary>What follows from an instance's place in its networks.</summary>
internal static class AttachmentFacts
{
    /// <summary>The interface of an endpoint.</summary>
    public static InterfaceConfig Interface(NetworkRegistry networks, EndpointRow endpoint)
    {
        BridgeConfig bridge = networks.Get(endpoint.NetworkId).Bridge;
        return new InterfaceConfig
        {
            Name = endpoint.Interface,
            HostName = endpoint.HostInterface,
            Bridge = bridge.Name,
            Mac = endpoint.Mac,
            Mtu = bridge.Mtu,
            Addresses = endpoint.IPv6 is { } second
                ? [$"{endpoint.IPv4}/{bridge.IPv4.Subnet.PrefixLength}", $"{second}/{bridge.IPv6!.Subnet.PrefixLength}"]
                : [$"{endpoint.IPv4}/{bridge.IPv4.Subnet.PrefixLength}"],
            Gateways = endpoint.IsGateway ? [.. bridge.Plans.Select(static p => p.Gateway.ToString())] : [],
        };
    }

    /// <summary>What the files of an instance say of its networks.</summary>
    public static EtcFacts Files(NetworkRegistry networks, AttachmentRow? attachment)
    {
        if (attachment is not { Endpoints: { Count: > 0 } all })
            return EtcFacts.None;
        EndpointRow first = all.FirstOrDefault(static e => e.IsGateway) ?? all[0];
        return new EtcFacts(
            [.. all.SelectMany(static e => (string?[])[e.IPv4, e.IPv6]).OfType<string>()],
            networks.Find(first.NetworkId)?.Bridge.IPv4.Gateway.ToString());
    }
}
