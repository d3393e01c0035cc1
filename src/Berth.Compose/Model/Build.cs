namespace Berth.Compose.Model;

/// <summary>How an image is built.</summary>
/// <param name="Context">Directory, or URL of a repository.</param>
public sealed record Build(string Context)
{
    /// <summary>Dockerfile, relative to the context.</summary>
    public string? Dockerfile { get; init; }

    /// <summary>The Dockerfile itself.</summary>
    public string? DockerfileInline { get; init; }

    /// <summary>Build arguments; one without value is left out.</summary>
    public IReadOnlyDictionary<string, string?> Arguments { get; init; } = new Dictionary<string, string?>();

    /// <summary>Stage to stop at.</summary>
    public string? Target { get; init; }

    /// <summary>Labels of the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Further names of the image.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Images to take layers from.</summary>
    public IReadOnlyList<string> CacheFrom { get; init; } = [];

    /// <summary>Network of its commands.</summary>
    public string? Network { get; init; }

    /// <summary>What its commands run in: container or vm.</summary>
    public string? Isolation { get; init; }

    /// <summary>Lines for /etc/hosts as <c>name:address</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    /// <summary>Size of /dev/shm in bytes.</summary>
    public long? ShmSize { get; init; }

    /// <summary>Take nothing from the cache.</summary>
    public bool NoCache { get; init; }

    /// <summary>Fetch base images anew.</summary>
    public bool Pull { get; init; }
}
