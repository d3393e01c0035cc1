namespace Berth.Build.Dockerfiles;

/// <summary>EXPOSE, VOLUME, USER, WORKDIR, STOPSIGNAL or MAINTAINER.</summary>
public sealed record WordsInstruction : Instruction
{
    /// <summary>Which of them.</summary>
    public required WordsKind Kind { get; init; }

    /// <summary>Its words, unexpanded.</summary>
    public required IReadOnlyList<string> Words { get; init; }
}
