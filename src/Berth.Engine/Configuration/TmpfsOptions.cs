using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>Options of a tmpfs mount.</summary>
public sealed record TmpfsOptions
{
    /// <summary>Size limit; 0 = the kernel's default.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Permission bits of the root; 0 = 1777.</summary>
    public uint Mode { get; init; }

    /// <summary>Further mount options, <c>[name]</c> or <c>[name, value]</c>.</summary>
    public IReadOnlyList<IReadOnlyList<string>>? Options { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
