namespace Berth.Build.Dockerfiles;

/// <summary>ARG: variables of the build alone.</summary>
public sealed record ArgInstruction : Instruction
{
    /// <summary>Names with their default values, unexpanded; null = none.</summary>
    public required IReadOnlyList<(string Name, string? Default)> Arguments { get; init; }
}
