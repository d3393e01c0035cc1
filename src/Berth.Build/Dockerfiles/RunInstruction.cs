namespace Berth.Build.Dockerfiles;

/// <summary>RUN.</summary>
public sealed record RunInstruction : Instruction
{
    /// <summary>What runs; documents of the shell form are part of its text.</summary>
    public required CommandText Command { get; init; }

    /// <summary>A document that is a program with a <c>#!</c> line of its own; it runs in place of <see cref="Command"/>.</summary>
    public Heredoc? Program { get; init; }

    /// <summary>Mounts for the time of the command.</summary>
    public IReadOnlyList<RunMount> Mounts { get; init; } = [];

    /// <summary><c>default</c>, <c>none</c> or <c>host</c>.</summary>
    public string Network { get; init; } = "default";
}
