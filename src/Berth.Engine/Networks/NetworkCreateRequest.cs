using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Networks;

/// <summary>A wish for a network, as Docker's API sends it.</summary>
public sealed record NetworkCreateRequest
{
    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>Obsolete: names are unique in any case.</summary>
    public bool? CheckDuplicate { get; init; }

    /// <summary>Driver; unset = bridge.</summary>
    public string? Driver { get; init; }

    /// <summary>Scope; local is the one there is.</summary>
    public string? Scope { get; init; }

    /// <summary>Unset = true.</summary>
    public bool? EnableIPv4 { get; init; }

    /// <summary>Whether it has IPv6 addresses as well.</summary>
    public bool? EnableIPv6 { get; init; }

    /// <summary>Addresses.</summary>
    public IpamView? IPAM { get; init; }

    /// <summary>Whether nothing outside may be reached.</summary>
    public bool Internal { get; init; }

    /// <summary>Kept for inspect.</summary>
    public bool Attachable { get; init; }

    /// <summary>Swarm only.</summary>
    public bool Ingress { get; init; }

    /// <summary>Swarm only.</summary>
    public bool ConfigOnly { get; init; }

    /// <summary>Swarm only.</summary>
    public NetworkSource? ConfigFrom { get; init; }

    /// <summary>Driver options.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }

    /// <summary>User metadata.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
