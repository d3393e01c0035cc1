using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>Options of a bind mount.</summary>
public sealed record BindOptions
{
    /// <summary><c>[r]private</c>, <c>[r]shared</c> or <c>[r]slave</c>.</summary>
    public string? Propagation { get; init; }

    /// <summary>Leave out mounts below the source.</summary>
    public bool NonRecursive { get; init; }

    /// <summary>Create a missing source directory.</summary>
    public bool CreateMountpoint { get; init; }

    /// <summary>Read-only at the top mount only.</summary>
    public bool ReadOnlyNonRecursive { get; init; }

    /// <summary>Refuse when recursive read-only is not possible.</summary>
    public bool ReadOnlyForceRecursive { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
