using System.Text.Json.Serialization;

namespace Berth.Images.Spec;

/// <summary>How to see whether an instance is well; durations in nanoseconds (Docker's HealthcheckConfig).</summary>
public sealed record HealthCheck
{
    /// <summary><c>["NONE"]</c>, <c>["CMD", …]</c> or <c>["CMD-SHELL", line]</c>; empty inherits.</summary>
    [JsonPropertyName("Test")]
    public IReadOnlyList<string>? Test { get; init; }

    /// <summary>Time between checks, ns.</summary>
    [JsonPropertyName("Interval")]
    public long? Interval { get; init; }

    /// <summary>Time a check may take, ns.</summary>
    [JsonPropertyName("Timeout")]
    public long? Timeout { get; init; }

    /// <summary>Time in which failures do not count, ns.</summary>
    [JsonPropertyName("StartPeriod")]
    public long? StartPeriod { get; init; }

    /// <summary>Time between checks while starting, ns.</summary>
    [JsonPropertyName("StartInterval")]
    public long? StartInterval { get; init; }

    /// <summary>Failures in a row that make it unhealthy.</summary>
    [JsonPropertyName("Retries")]
    public int? Retries { get; init; }
}
