using System.Text.Json.Serialization;
using Berth.Engine.Configuration;

namespace Berth.Engine.Instances;

/// <summary>One sample of resource usage, as Docker's stats call sends it.</summary>
public sealed record InstanceStats
{
    /// <summary>Name with a leading slash.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>64 hexadecimal digits.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>When, RFC 3339.</summary>
    [JsonPropertyName("read")]
    public required string Read { get; init; }

    /// <summary>When the sample before was taken.</summary>
    [JsonPropertyName("preread")]
    public required string PreRead { get; init; }

    /// <summary>Processes.</summary>
    [JsonPropertyName("pids_stats")]
    public PidsStats Pids { get; init; } = new();

    /// <summary>Block I/O.</summary>
    [JsonPropertyName("blkio_stats")]
    public BlockIoStats BlockIo { get; init; } = new();

    /// <summary>Windows only.</summary>
    [JsonPropertyName("num_procs")]
    public int NumProcs { get; init; }

    /// <summary>Windows only.</summary>
    [JsonPropertyName("storage_stats")]
    public EmptyObject Storage { get; init; } = new();

    /// <summary>CPU now.</summary>
    [JsonPropertyName("cpu_stats")]
    public CpuStats Cpu { get; init; } = new();

    /// <summary>CPU at the sample before.</summary>
    [JsonPropertyName("precpu_stats")]
    public CpuStats PreCpu { get; init; } = new();

    /// <summary>Memory.</summary>
    [JsonPropertyName("memory_stats")]
    public MemoryStats Memory { get; init; } = new();

    /// <summary>Interfaces.</summary>
    [JsonPropertyName("networks")]
    public IReadOnlyDictionary<string, NetworkStats>? Networks { get; init; }
}
