namespace Berth.Build.Dockerfiles;

/// <summary>ENV or LABEL.</summary>
public sealed record PairsInstruction : Instruction
{
    /// <summary>LABEL instead of ENV.</summary>
    public required bool IsLabel { get; init; }

    /// <summary>Keys and values, unexpanded, quotes still in place.</summary>
    public required IReadOnlyList<(string Key, string Value)> Pairs { get; init; }
}
