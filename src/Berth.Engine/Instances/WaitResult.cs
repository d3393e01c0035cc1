using System.Text.Json.Serialization;

namespace Berth.Engine.Instances;

/// <summary>How an instance ended.</summary>
public sealed record WaitResult
{
    /// <summary>Exit code.</summary>
    public int StatusCode { get; init; }

    /// <summary>Set when waiting itself failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WaitError? Error { get; init; }
}
