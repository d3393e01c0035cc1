namespace Berth.Build.Dockerfiles;

/// <summary>FROM and what follows it.</summary>
public sealed record Stage
{
    /// <summary>Its number, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Line of the FROM.</summary>
    public required int Line { get; init; }

    /// <summary>Image or earlier stage, unexpanded.</summary>
    public required string Base { get; init; }

    /// <summary>Wanted platform, unexpanded.</summary>
    public string? Platform { get; init; }

    /// <summary>Name after AS, in lower case.</summary>
    public string? Name { get; init; }

    /// <summary>What follows the FROM.</summary>
    public required IReadOnlyList<Instruction> Instructions { get; init; }

    /// <summary>What messages call it.</summary>
    public string Title => Name ?? $"stage {Index}";
}
