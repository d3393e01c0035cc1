using Berth.Cli.Parsing;

namespace Berth.Cli.Containers;

/// <summary>Writes what concerns networks: the mode, the endpoint and the published ports.</summary>
internal static class NetworkBody
{
    /// <summary>HostConfig.NetworkMode.</summary>
    public static string Mode(ContainerFlags flags) => flags.Network.IsSet
        ? flags.Network.Values[0]
        : flags.Net.IsSet ? flags.Net.Values[0] : "default";

    /// <summary>Writes HostConfig.PortBindings.</summary>
    public static void WritePortBindings(JsonText json, ContainerFlags flags)
    {
        if (flags.Publish.Values.Length == 0)
        {
            return;
        }
        json.WriteStartObject("PortBindings");
        foreach (var group in flags.Publish.Values.SelectMany(PortSpec.Parse).GroupBy(port => port.Container))
        {
            json.WriteStartArray(group.Key);
            foreach (var port in group)
            {
                json.WriteStartObject();
                json.WriteString("HostIp", port.HostAddress);
                json.WriteString("HostPort", port.HostPort);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    /// <summary>Writes NetworkingConfig when an endpoint's details or several networks were asked for.</summary>
    public static void Write(JsonText json, ContainerFlags flags)
    {
        string[] networks = [.. flags.Network.Values, .. flags.Net.Values];
        var details = flags.NetworkAlias.IsSet || flags.Ip.IsSet || flags.Ip6.IsSet || flags.MacAddress.IsSet;
        if (networks.Length < 2 && !details)
        {
            return;
        }
        json.WriteStartObject("NetworkingConfig");
        json.WriteStartObject("EndpointsConfig");
        foreach (var (network, first) in networks.DefaultIfEmpty("default").Select((network, index) => (network, index == 0)))
        {
            json.WriteStartObject(network);
            if (first)
            {
                json.WriteListIfAny("Aliases", flags.NetworkAlias.Values);
                json.WriteIfAny("MacAddress", flags.MacAddress.Value);
                if (flags.Ip.IsSet || flags.Ip6.IsSet)
                {
                    json.WriteStartObject("IPAMConfig");
                    json.WriteIfAny("IPv4Address", flags.Ip.Value);
                    json.WriteIfAny("IPv6Address", flags.Ip6.Value);
                    json.WriteEndObject();
                }
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
