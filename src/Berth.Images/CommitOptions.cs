using Berth.Images.Spec;

namespace Berth.Images;

/// <summary>What a committed image is to be.</summary>
public sealed record CommitOptions
{
    /// <summary>The image below the new layer; null when the layer is all there is.</summary>
    public Image? Base { get; init; }

    /// <summary>Defaults for instances of the new image; null takes the base's.</summary>
    public ImageDefaults? Defaults { get; init; }

    /// <summary>Dockerfile-like instructions applied to <see cref="Defaults"/>.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>Who made it.</summary>
    public string? Author { get; init; }

    /// <summary>Message.</summary>
    public string? Comment { get; init; }

    /// <summary>The command that the history shows.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When it was made; null is now.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Name of the new image; null leaves it nameless.</summary>
    public ImageReference? Reference { get; init; }
}
