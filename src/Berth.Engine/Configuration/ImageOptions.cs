using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>Options of a mount of an image.</summary>
public sealed record ImageOptions
{
    /// <summary>Directory or file inside the image.</summary>
    public string? Subpath { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
