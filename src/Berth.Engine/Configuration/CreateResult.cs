namespace Berth.Engine.Configuration;

/// <summary>Answer to a creation.</summary>
public sealed record CreateResult
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>What was accepted but does not act as asked.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
