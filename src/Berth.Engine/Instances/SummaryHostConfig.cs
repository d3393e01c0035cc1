namespace Berth.Engine.Instances;

/// <summary>The part of the host configuration a list shows.</summary>
public sealed record SummaryHostConfig
{
    /// <summary>Network mode.</summary>
    public string NetworkMode { get; init; } = "default";

    /// <summary><c>container</c> or <c>vm</c>.</summary>
    public required string Runtime { get; init; }
}
