namespace Berth.Images.Registry;

/// <summary>What to fetch, as whom.</summary>
public sealed record PullRequest
{
    /// <summary>The image; with neither tag nor digest, its tag <c>latest</c>.</summary>
    public required ImageReference Reference { get; init; }

    /// <summary>Which image of an index.</summary>
    public PlatformChoice Platform { get; init; } = PlatformChoice.Host;

    /// <summary>Who asks.</summary>
    public RegistryCredentials Credentials { get; init; } = RegistryCredentials.Anonymous;
}
