namespace Berth.Build.Dockerfiles;

/// <summary>COPY or ADD. Texts are unexpanded.</summary>
public sealed record CopyInstruction : Instruction
{
    /// <summary>ADD: archives are unpacked and addresses fetched.</summary>
    public required bool IsAdd { get; init; }

    /// <summary>What is copied, documents aside.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Documents that are copied, under their delimiters as names.</summary>
    public IReadOnlyList<Heredoc> Documents { get; init; } = [];

    /// <summary>Where to.</summary>
    public required string Destination { get; init; }

    /// <summary>Stage or image it comes from; null = the build context.</summary>
    public string? From { get; init; }

    /// <summary>Owner, <c>user[:group]</c>.</summary>
    public string? Owner { get; init; }

    /// <summary>Permission bits, octal.</summary>
    public string? Mode { get; init; }

    /// <summary>Keep the directories of each source's path.</summary>
    public bool KeepsParents { get; init; }

    /// <summary>Patterns of what is left out.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>ADD: digest that a fetched file must have.</summary>
    public string? Checksum { get; init; }

    /// <summary>ADD: whether archives are unpacked; null = local ones only.</summary>
    public bool? Unpacks { get; init; }
}
