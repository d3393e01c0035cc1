using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>One block I/O counter.</summary>
public sealed record BlockIoEntry
{
    /// <summary>Device major.</summary>
    [JsonPropertyName("major")]
    public ulong Major { get; init; }

    /// <summary>Device minor.</summary>
    [JsonPropertyName("minor")]
    public ulong Minor { get; init; }

    /// <summary>read or write.</summary>
    [JsonPropertyName("op")]
    public string Op { get; init; } = "";

    /// <summary>Count.</summary>
    [JsonPropertyName("value")]
    public ulong Value { get; init; }
}
