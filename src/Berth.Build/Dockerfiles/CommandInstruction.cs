namespace Berth.Build.Dockerfiles;

/// <summary>CMD, ENTRYPOINT or SHELL.</summary>
public sealed record CommandInstruction : Instruction
{
    /// <summary>Which of them.</summary>
    public required CommandKind Kind { get; init; }

    /// <summary>The command; no words clear the image's.</summary>
    public required CommandText Command { get; init; }
}
