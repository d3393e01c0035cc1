using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>CPU counters.</summary>
public sealed record CpuStats
{
    /// <summary>Of the instance.</summary>
    [JsonPropertyName("cpu_usage")]
    public CpuUsage Usage { get; init; } = new();

    /// <summary>Of the host, nanoseconds.</summary>
    [JsonPropertyName("system_cpu_usage")]
    public ulong SystemUsage { get; init; }

    /// <summary>CPUs.</summary>
    [JsonPropertyName("online_cpus")]
    public int OnlineCpus { get; init; }

    /// <summary>Throttling.</summary>
    [JsonPropertyName("throttling_data")]
    public ThrottlingStats Throttling { get; init; } = new();
}
