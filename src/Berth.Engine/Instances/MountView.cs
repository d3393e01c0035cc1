using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>A mount as inspect and list show it.</summary>
public sealed record MountView
{
    /// <summary>bind, volume, tmpfs or image.</summary>
    public required string Type { get; init; }

    /// <summary>Volume name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Host path.</summary>
    public string Source { get; init; } = "";

    /// <summary>Path inside.</summary>
    public required string Destination { get; init; }

    /// <summary>Volume driver.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Driver { get; init; }

    /// <summary>Options as given.</summary>
    public string Mode { get; init; } = "";

    /// <summary>Writable.</summary>
    public bool RW { get; init; }

    /// <summary>Mount propagation.</summary>
    public string Propagation { get; init; } = "";
}
