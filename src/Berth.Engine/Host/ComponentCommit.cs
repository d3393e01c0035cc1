namespace Berth.Engine.Host;

/// <summary>Version of a part.</summary>
public sealed record ComponentCommit
{
    /// <summary>Commit.</summary>
    public string ID { get; init; } = "built-in";
}
