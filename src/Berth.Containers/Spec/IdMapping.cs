using System.Text.Json.Serialization;

namespace Berth.Containers.Spec;

/// <summary>A range of user or group ids; see user_namespaces(7).</summary>
public sealed record IdMapping
{
    [JsonPropertyName("containerID")]
    public uint ContainerId { get; init; }

    [JsonPropertyName("hostID")]
    public uint HostId { get; init; }

    public uint Size { get; init; }
}
