using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>Block I/O counters.</summary>
public sealed record BlockIoStats
{
    /// <summary>Bytes.</summary>
    [JsonPropertyName("io_service_bytes_recursive")]
    public IReadOnlyList<BlockIoEntry>? ServiceBytes { get; init; }

    /// <summary>Operations.</summary>
    [JsonPropertyName("io_serviced_recursive")]
    public IReadOnlyList<BlockIoEntry>? Serviced { get; init; }
}
