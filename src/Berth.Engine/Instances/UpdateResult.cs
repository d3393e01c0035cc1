namespace Berth.Engine.Instances;

/// <summary>Answer to an update.</summary>
public sealed record UpdateResult
{
    /// <summary>What does not act as asked.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}
