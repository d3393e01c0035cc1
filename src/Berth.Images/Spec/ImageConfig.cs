using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Images.Spec;

/// <summary>Image configuration; its digest is the image's id. [OCI-IMG] config.md, with Docker's fields.</summary>
public sealed record ImageConfig
{
    /// <summary>When the image was made, RFC 3339.</summary>
    public string? Created { get; init; }

    /// <summary>Who made it.</summary>
    public string? Author { get; init; }

    /// <summary>Go's architecture name.</summary>
    public required string Architecture { get; init; }

    /// <summary>Go's system name.</summary>
    public required string Os { get; init; }

    /// <summary>System version, Windows only.</summary>
    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    /// <summary>Variant of the architecture.</summary>
    public string? Variant { get; init; }

    /// <summary>Message of the commit or import (Docker).</summary>
    public string? Comment { get; init; }

    /// <summary>Version of the engine that made it (Docker).</summary>
    [JsonPropertyName("docker_version")]
    public string? DockerVersion { get; init; }

    /// <summary>Defaults for instances of the image.</summary>
    public ImageDefaults? Config { get; init; }

    /// <summary>The layers' uncompressed digests.</summary>
    public required RootFs Rootfs { get; init; }

    /// <summary>One entry for each step of the build.</summary>
    public IReadOnlyList<HistoryEntry>? History { get; init; }

    /// <summary>Fields Berth does not know; kept, so that they survive a derived image.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Others { get; set; }

    /// <summary><see cref="Created"/> as a time, or null when absent or malformed.</summary>
    [JsonIgnore]
    public DateTimeOffset? CreatedAt => DateTimeOffset.TryParse(Created, null, System.Globalization.DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
        ? at.ToUniversalTime()
        : null;
}
