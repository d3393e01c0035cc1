using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>How often the CPU limit acted.</summary>
public sealed record ThrottlingStats
{
    /// <summary>Periods.</summary>
    [JsonPropertyName("periods")]
    public ulong Periods { get; init; }

    /// <summary>Throttled ones.</summary>
    [JsonPropertyName("throttled_periods")]
    public ulong ThrottledPeriods { get; init; }

    /// <summary>Nanoseconds.</summary>
    [JsonPropertyName("throttled_time")]
    public ulong ThrottledTime { get; init; }
}
