namespace Berth.Build.Dockerfiles;

/// <summary>One instruction of a stage.</summary>
public abstract record Instruction
{
    /// <summary>The line it begins on, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Its text with lines joined, as progress and history show it.</summary>
    public required string Text { get; init; }
}
