namespace Berth.Images;

/// <summary>One step of an image's history, newest first in lists.</summary>
public sealed record ImageHistoryItem
{
    /// <summary>Image id for the newest step, else <c>&lt;missing&gt;</c>.</summary>
    public required string Id { get; init; }

    /// <summary>When the step was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The command.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>Names of the newest step's image.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Bytes the step added.</summary>
    public required long Size { get; init; }

    /// <summary>Message.</summary>
    public required string Comment { get; init; }
}
