using System.Text.Json.Nodes;
using Berth.Compose.Model;
using Berth.Compose.Planning;

namespace Berth.Compose.Running;

/// <summary>Bodies of the calls that make networks and volumes ([DOCKER-API]).</summary>
internal static class ResourceBodies
{
    /// <summary>For POST /networks/create.</summary>
    public static JsonObject Network(string project, Network network)
    {
        JsonObject body = new()
        {
            ["Name"] = network.Name,
            ["Driver"] = network.Driver ?? "bridge",
            ["Internal"] = network.Internal,
            ["Attachable"] = network.Attachable,
            ["EnableIPv6"] = network.EnableIpv6,
            ["Options"] = network.DriverOptions.ToJson(),
            ["Labels"] = Labels(network.Labels, project, ComposeLabels.Network, network.Key, network.Hash),
        };
        if (network.EnableIpv4 is { } ipv4)
        {
            body["EnableIPv4"] = ipv4;
        }
        if (network.IpamDriver is not null || network.Subnets.Count > 0 || network.IpamOptions.Count > 0)
        {
            body["IPAM"] = new JsonObject
            {
                ["Driver"] = network.IpamDriver ?? "default",
                ["Config"] = new JsonArray([.. network.Subnets.Select(Subnet)]),
                ["Options"] = network.IpamOptions.ToJson(),
            };
        }
        return body;
    }

    /// <summary>For POST /volumes/create.</summary>
    public static JsonObject Volume(string project, Volume volume) => new()
    {
        ["Name"] = volume.Name,
        ["Driver"] = volume.Driver ?? "local",
        ["DriverOpts"] = volume.DriverOptions.ToJson(),
        ["Labels"] = Labels(volume.Labels, project, ComposeLabels.Volume, volume.Key, volume.Hash),
    };

    private static JsonObject Subnet(Subnet subnet)
    {
        JsonObject body = [];
        foreach (var (name, value) in new[] { ("Subnet", subnet.Cidr), ("Gateway", subnet.Gateway), ("IPRange", subnet.Range) })
        {
            if (value is not null)
            {
                body[name] = value;
            }
        }
        if (subnet.Reserved.Count > 0)
        {
            body["AuxiliaryAddresses"] = subnet.Reserved.ToJson();
        }
        return body;
    }

    private static JsonObject Labels(IReadOnlyDictionary<string, string> own, string project, string kind, string key, string hash)
    {
        var labels = own.ToJson();
        labels[ComposeLabels.Project] = project;
        labels[kind] = key;
        labels[ComposeLabels.Hash] = hash;
        return labels;
    }
}
