using System.Text.Json.Serialization;

namespace Berth.Engine.Execs;

/// <summary>Process of an exec session.</summary>
public sealed record ExecProcessView
{
    /// <summary>Has a terminal.</summary>
    [JsonPropertyName("tty")]
    public bool Tty { get; init; }

    /// <summary>Program.</summary>
    [JsonPropertyName("entrypoint")]
    public required string Entrypoint { get; init; }

    /// <summary>Arguments.</summary>
    [JsonPropertyName("arguments")]
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>All capabilities.</summary>
    [JsonPropertyName("privileged")]
    public bool Privileged { get; init; }

    /// <summary>User.</summary>
    [JsonPropertyName("user")]
    public string User { get; init; } = "";
}
