namespace Berth.Containers.Supervision;

/// <summary>Where and how a container's output is recorded.</summary>
public sealed record LogConfig
{
    /// <summary>Directory of the log files; made when missing.</summary>
    public required string Directory { get; init; }

    /// <summary>A file that reached this many bytes is followed by a new one; 0 = never.</summary>
    public long MaxSizeBytes { get; init; }

    /// <summary>How many files are kept, the one being written included; at least 1.</summary>
    public int MaxFiles { get; init; } = 1;

    /// <summary>Record nothing (docker's log driver <c>none</c>).</summary>
    public bool Disabled { get; init; }
}
