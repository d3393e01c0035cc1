using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>Wishes for and facts of one network endpoint.</summary>
public sealed record EndpointConfig
{
    /// <summary>Fixed addresses.</summary>
    public EndpointIpamConfig? IPAMConfig { get; init; }

    /// <summary>Legacy links.</summary>
    public IReadOnlyList<string>? Links { get; init; }

    /// <summary>Further names in the network.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>Hardware address.</summary>
    public string? MacAddress { get; init; }

    /// <summary>Driver options.</summary>
    public IReadOnlyDictionary<string, string>? DriverOpts { get; init; }

    /// <summary>Which network gives the default route.</summary>
    public int GwPriority { get; init; }

    /// <summary>Network's id.</summary>
    public string NetworkID { get; init; } = "";

    /// <summary>Endpoint's id.</summary>
    public string EndpointID { get; init; } = "";

    /// <summary>IPv4 gateway.</summary>
    public string Gateway { get; init; } = "";

    /// <summary>IPv4 address.</summary>
    public string IPAddress { get; init; } = "";

    /// <summary>IPv4 prefix length.</summary>
    public int IPPrefixLen { get; init; }

    /// <summary>IPv6 gateway.</summary>
    public string IPv6Gateway { get; init; } = "";

    /// <summary>IPv6 address.</summary>
    public string GlobalIPv6Address { get; init; } = "";

    /// <summary>IPv6 prefix length.</summary>
    public int GlobalIPv6PrefixLen { get; init; }

    /// <summary>Names that resolve to this endpoint.</summary>
    public IReadOnlyList<string>? DNSNames { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
