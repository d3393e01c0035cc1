using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>Networks an instance joins at creation.</summary>
public sealed record NetworkingConfig
{
    /// <summary>Endpoint settings by network name.</summary>
    public IReadOnlyDictionary<string, EndpointConfig?>? EndpointsConfig { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
