using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>A host device made available inside.</summary>
public sealed record DeviceMapping
{
    /// <summary>Path of the host's node.</summary>
    public string? PathOnHost { get; init; }

    /// <summary>Path inside; empty = the same.</summary>
    public string? PathInContainer { get; init; }

    /// <summary>Any of <c>rwm</c>; empty = all.</summary>
    public string? CgroupPermissions { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
