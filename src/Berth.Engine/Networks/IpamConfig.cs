using System.Text.Json.Serialization;

namespace Berth.Engine.Networks;

/// <summary>One subnet of a network, in Docker's shape.</summary>
public sealed record IpamConfig
{
    /// <summary>Subnet such as <c>10.5.0.0/16</c>.</summary>
    public string? Subnet { get; init; }

    /// <summary>Where addresses are taken from.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IPRange { get; init; }

    /// <summary>The bridge's address.</summary>
    public string? Gateway { get; init; }

    /// <summary>Addresses to leave out, by a name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyName("AuxiliaryAddresses")]
    public IReadOnlyDictionary<string, string>? AuxiliaryAddresses { get; init; }
}
