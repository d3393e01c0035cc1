namespace Berth.Engine.Host;

/// <summary>A runtime.</summary>
public sealed record RuntimeView
{
    /// <summary>Path; empty = built in.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("path")]
    public string Path { get; init; } = "";
}
