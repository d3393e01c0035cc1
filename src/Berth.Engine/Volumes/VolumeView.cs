using System.Text.Json.Serialization;

namespace Berth.Engine.Volumes;

/// <summary>A volume, in Docker's shape.</summary>
public sealed record VolumeView
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Driver.</summary>
    public string Driver { get; init; } = "local";

    /// <summary>Host path.</summary>
    public required string Mountpoint { get; init; }

    /// <summary>RFC 3339.</summary>
    public required string CreatedAt { get; init; }

    /// <summary>User metadata.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Driver options.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Scope.</summary>
    public string Scope { get; init; } = "local";

    /// <summary>Size and references, when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VolumeUsage? UsageData { get; init; }
}
