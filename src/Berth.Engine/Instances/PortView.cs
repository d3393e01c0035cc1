using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>A port in a list.</summary>
public sealed record PortView
{
    /// <summary>Host address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IP { get; init; }

    /// <summary>Port inside.</summary>
    public ushort PrivatePort { get; init; }

    /// <summary>Host port.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ushort? PublicPort { get; init; }

    /// <summary>Protocol.</summary>
    public string Type { get; init; } = "tcp";
}
