using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>CPU time in nanoseconds.</summary>
public sealed record CpuUsage
{
    /// <summary>All.</summary>
    [JsonPropertyName("total_usage")]
    public ulong Total { get; init; }

    /// <summary>Kernel.</summary>
    [JsonPropertyName("usage_in_kernelmode")]
    public ulong Kernel { get; init; }

    /// <summary>User.</summary>
    [JsonPropertyName("usage_in_usermode")]
    public ulong User { get; init; }
}
