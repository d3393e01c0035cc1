using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>A health probe; durations are nanoseconds, 0 = inherit or default.</summary>
public sealed record HealthConfig
{
    /// <summary><c>NONE</c>, <c>CMD</c> and arguments, or <c>CMD-SHELL</c> and a line; empty = inherit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Test { get; init; }

    /// <summary>Time between probes (default 30 s).</summary>
    public long Interval { get; init; }

    /// <summary>Time one probe may take (default 30 s).</summary>
    public long Timeout { get; init; }

    /// <summary>Grace time in which failures do not count.</summary>
    public long StartPeriod { get; init; }

    /// <summary>Time between probes during the grace time (default 5 s).</summary>
    public long StartInterval { get; init; }

    /// <summary>Failures in a row that make the instance unhealthy (default 3).</summary>
    public int Retries { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
