namespace Berth.Engine.Instances;

/// <summary>Which output to read back.</summary>
public sealed record LogOptions
{
    /// <summary>Standard output.</summary>
    public bool Stdout { get; init; }

    /// <summary>Standard error.</summary>
    public bool Stderr { get; init; }

    /// <summary>Go on with new output until the instance ends.</summary>
    public bool Follow { get; init; }

    /// <summary>Not before.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Not after.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only the last so many lines; unset = all.</summary>
    public int? Tail { get; init; }
}
