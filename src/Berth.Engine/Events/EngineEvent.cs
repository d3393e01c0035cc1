using System.Text.Json.Serialization;

namespace Berth.Engine.Events;

/// <summary>Something that happened, in Docker's shape.</summary>
public sealed record EngineEvent
{
    /// <summary>Action again, for old clients.</summary>
    [JsonPropertyName("status"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Status { get; init; }

    /// <summary>Actor again, for old clients.</summary>
    [JsonPropertyName("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    /// <summary>Image again, for old clients.</summary>
    [JsonPropertyName("from"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary>container, image, volume, network or daemon.</summary>
    public required string Type { get; init; }

    /// <summary>What happened.</summary>
    public required string Action { get; init; }

    /// <summary>To what.</summary>
    public required EventActor Actor { get; init; }

    /// <summary>Scope.</summary>
    [JsonPropertyName("scope")]
    public string Scope { get; init; } = "local";

    /// <summary>Unix seconds.</summary>
    [JsonPropertyName("time")]
    public long Time { get; init; }

    /// <summary>Unix nanoseconds.</summary>
    [JsonPropertyName("timeNano")]
    public long TimeNano { get; init; }
}
