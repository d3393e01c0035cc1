using System.Text.Json.Serialization;

namespace Berth.Engine.Volumes;

/// <summary>A wanted volume.</summary>
public sealed record VolumeCreateRequest
{
    /// <summary>Name; unset = generated.</summary>
    public string? Name { get; init; }

    /// <summary>Only <c>local</c>.</summary>
    public string? Driver { get; init; }

    /// <summary>Driver options.</summary>
    public IReadOnlyDictionary<string, string>? DriverOpts { get; init; }

    /// <summary>User metadata.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Swarm only; refused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public System.Text.Json.JsonElement? ClusterVolumeSpec { get; init; }
}
