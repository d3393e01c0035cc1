namespace Berth.Images;

/// <summary>Which images a list or a prune is about; every condition given must hold.</summary>
public sealed record ImageFilter
{
    /// <summary>Whether the image has no name.</summary>
    public bool? Dangling { get; init; }

    /// <summary>Name patterns with <c>*</c>, <c>?</c> and <c>[…]</c>; one must match.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary><c>key</c> or <c>key=value</c>; all must hold.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary><c>key</c> or <c>key=value</c>; none may hold.</summary>
    public IReadOnlyList<string> WithoutLabels { get; init; } = [];

    /// <summary>Name or id of an image; only older ones.</summary>
    public string? Before { get; init; }

    /// <summary>Name or id of an image; only newer ones.</summary>
    public string? Since { get; init; }

    /// <summary>Only images made before this time.</summary>
    public DateTimeOffset? Until { get; init; }
}
