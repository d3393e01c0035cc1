using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>One line of the list of instances.</summary>
public sealed record InstanceSummary
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Names with a leading slash.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Image as the user named it.</summary>
    public required string Image { get; init; }

    /// <summary>Image id.</summary>
    public required string ImageID { get; init; }

    /// <summary>Command line.</summary>
    public required string Command { get; init; }

    /// <summary>Unix seconds.</summary>
    public long Created { get; init; }

    /// <summary>Ports.</summary>
    public IReadOnlyList<PortView> Ports { get; init; } = [];

    /// <summary>Bytes in the writable layer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRw { get; init; }

    /// <summary>Bytes in all layers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRootFs { get; init; }

    /// <summary>User metadata.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>created, running, …</summary>
    public required string State { get; init; }

    /// <summary>For people: <c>Up 3 minutes</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Network mode.</summary>
    public required SummaryHostConfig HostConfig { get; init; }

    /// <summary>Networks.</summary>
    public required SummaryNetworkSettings NetworkSettings { get; init; }

    /// <summary>Mounts.</summary>
    public IReadOnlyList<MountView> Mounts { get; init; } = [];
}
