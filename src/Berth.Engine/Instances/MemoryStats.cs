using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>Memory counters.</summary>
public sealed record MemoryStats
{
    /// <summary>Bytes now.</summary>
    [JsonPropertyName("usage")]
    public ulong Usage { get; init; }

    /// <summary>Highest so far.</summary>
    [JsonPropertyName("max_usage")]
    public ulong? MaxUsage { get; init; }

    /// <summary>The kernel's memory.stat.</summary>
    [JsonPropertyName("stats")]
    public IReadOnlyDictionary<string, ulong>? Details { get; init; }

    /// <summary>Times the limit was hit.</summary>
    [JsonPropertyName("failcnt")]
    public ulong? FailCount { get; init; }

    /// <summary>Bytes.</summary>
    [JsonPropertyName("limit")]
    public ulong Limit { get; init; }
}
