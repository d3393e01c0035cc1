namespace Berth.Images.Registry;

/// <summary>What the user said about registries.</summary>
public sealed record RegistryConfig
{
    /// <summary>
    /// Hosts (<c>host[:port]</c>) and networks of addresses (<c>10.0.0.0/8</c>) whose certificates are not checked and which may speak
    /// plain HTTP. Loopback always belongs to them, as in Docker.
    /// </summary>
    public IReadOnlyList<string> Insecure { get; init; } = [];

    /// <summary>Mirrors, asked in this order before the registry itself, for pulls only and without credentials.</summary>
    public IReadOnlyList<RegistryMirror> Mirrors { get; init; } = [];

    /// <summary>
    /// Directories with a folder for each <c>host[:port]</c>: <c>*.crt</c> are authorities to trust, <c>*.cert</c> with <c>*.key</c>
    /// are this client's own.
    /// </summary>
    public IReadOnlyList<string> CertificateDirectories { get; init; } = ["/etc/berth/certs.d", "/etc/docker/certs.d"];

    /// <summary>Layers fetched at a time by one pull.</summary>
    public int ParallelDownloads { get; init; } = 3;

    /// <summary>Layers sent at a time by one push.</summary>
    public int ParallelUploads { get; init; } = 4;

    /// <summary>How long a transfer may stand still before it counts as broken.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a request is repeated after a passing failure, and a download without a byte of progress.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>Wait before the first repetition; each next one waits twice as long.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait that a registry may ask for by Retry-After; a longer one ends the operation with a message.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromSeconds(60);
}
