using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>Options of a volume mount.</summary>
public sealed record VolumeOptions
{
    /// <summary>Do not fill an empty volume from the image.</summary>
    public bool NoCopy { get; init; }

    /// <summary>Labels for a volume that is made for this mount.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Directory inside the volume.</summary>
    public string? Subpath { get; init; }

    /// <summary>Driver for a volume that is made for this mount.</summary>
    public DriverConfig? DriverConfig { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
