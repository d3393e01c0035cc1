namespace Berth.Engine.Host;

/// <summary>Answer to <c>GET /version</c>.</summary>
public sealed record VersionInfo
{
    /// <summary>Product.</summary>
    public VersionPlatform Platform { get; init; } = new();

    /// <summary>Parts.</summary>
    public IReadOnlyList<VersionComponent> Components { get; init; } = [];

    /// <summary>Engine version.</summary>
    public required string Version { get; init; }

    /// <summary>Newest API.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Oldest API.</summary>
    public required string MinAPIVersion { get; init; }

    /// <summary>Commit.</summary>
    public string GitCommit { get; init; } = "";

    /// <summary>The runtime's version.</summary>
    public string GoVersion { get; init; } = "";

    /// <summary>Operating system.</summary>
    public string Os { get; init; } = "linux";

    /// <summary>Architecture.</summary>
    public string Arch { get; init; } = "amd64";

    /// <summary>Kernel.</summary>
    public string KernelVersion { get; init; } = "";

    /// <summary>RFC 3339.</summary>
    public string BuildTime { get; init; } = "";
}
