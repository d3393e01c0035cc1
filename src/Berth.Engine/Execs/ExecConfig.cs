using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Engine.Configuration;

namespace Berth.Engine.Execs;

/// <summary>A further process for a running instance.</summary>
public sealed record ExecConfig
{
    /// <summary><c>user[:group]</c>; empty = the instance's.</summary>
    public string? User { get; init; }

    /// <summary>All capabilities.</summary>
    public bool Privileged { get; init; }

    /// <summary>Give it a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>Height, width.</summary>
    public IReadOnlyList<int>? ConsoleSize { get; init; }

    /// <summary>Input.</summary>
    public bool AttachStdin { get; init; }

    /// <summary>Output.</summary>
    public bool AttachStdout { get; init; }

    /// <summary>Error output.</summary>
    public bool AttachStderr { get; init; }

    /// <summary>Sent by some clients; the instance is named by the request's path.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Container { get; init; }

    /// <summary>Sent by clients; what counts is said again at the start.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Detach { get; init; }

    /// <summary>Key sequence that detaches.</summary>
    public string? DetachKeys { get; init; }

    /// <summary>Further environment.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Working directory.</summary>
    public string? WorkingDir { get; init; }

    /// <summary>Program and arguments.</summary>
    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
