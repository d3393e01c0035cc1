namespace Berth.Engine.Instances;

/// <summary>Processes of an instance.</summary>
public sealed record TopResult
{
    /// <summary>Column heads.</summary>
    public required IReadOnlyList<string> Titles { get; init; }

    /// <summary>One row per process.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Processes { get; init; }
}
