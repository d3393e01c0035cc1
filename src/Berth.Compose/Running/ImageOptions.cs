namespace Berth.Compose.Running;

/// <summary>How images are got.</summary>
public sealed record ImageOptions
{
    /// <summary>Build what can be built, also when an image is there.</summary>
    public bool Build { get; init; }

    /// <summary>Build nothing.</summary>
    public bool NoBuild { get; init; }

    /// <summary>always, missing or never, in place of the file's policy.</summary>
    public string? Pull { get; init; }

    /// <summary>Use nothing from the cache of builds.</summary>
    public bool NoCache { get; init; }

    /// <summary>Fetch base images anew.</summary>
    public bool PullBase { get; init; }

    /// <summary>Further build arguments, as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Failures to fetch are warnings.</summary>
    public bool IgnoreFailures { get; init; }
}
