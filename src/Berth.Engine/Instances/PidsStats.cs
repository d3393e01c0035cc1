using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>Process counts.</summary>
public sealed record PidsStats
{
    /// <summary>Processes now.</summary>
    [JsonPropertyName("current")]
    public ulong Current { get; init; }

    /// <summary>Most allowed; 0 = unlimited.</summary>
    [JsonPropertyName("limit")]
    public ulong Limit { get; init; }
}
