using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>What <c>docker cp</c> asks of a path.</summary>
public sealed record PathStat
{
    /// <summary>Last part of the path.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Bytes.</summary>
    [JsonPropertyName("size")]
    public long Size { get; init; }

    /// <summary>Go's <c>os.FileMode</c> bits.</summary>
    [JsonPropertyName("mode")]
    public uint Mode { get; init; }

    /// <summary>RFC 3339.</summary>
    [JsonPropertyName("mtime")]
    public required string Mtime { get; init; }

    /// <summary>Where a symbolic link points, as an absolute path inside.</summary>
    [JsonPropertyName("linkTarget")]
    public string LinkTarget { get; init; } = "";
}
