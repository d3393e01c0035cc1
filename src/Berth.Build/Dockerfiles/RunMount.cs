namespace Berth.Build.Dockerfiles;

/// <summary>One <c>RUN --mount</c>. Texts are unexpanded.</summary>
public sealed record RunMount
{
    /// <summary>What is mounted.</summary>
    public required MountKind Kind { get; init; }

    /// <summary>Where; empty for a secret that is an environment variable alone.</summary>
    public string Target { get; init; } = "";

    /// <summary>bind: stage or image it comes from; null = the build context.</summary>
    public string? From { get; init; }

    /// <summary>bind: path in its source.</summary>
    public string Source { get; init; } = "";

    /// <summary>bind: writes are possible, and lost. cache: false by <c>ro</c>.</summary>
    public bool Writable { get; init; }

    /// <summary>cache and secret: its name.</summary>
    public string Id { get; init; } = "";

    /// <summary>cache: <c>shared</c>, <c>private</c> or <c>locked</c>.</summary>
    public string Sharing { get; init; } = "shared";

    /// <summary>tmpfs: bytes; 0 = no limit.</summary>
    public long Size { get; init; }

    /// <summary>secret: an error when it is missing.</summary>
    public bool Required { get; init; }

    /// <summary>secret: environment variable that holds it.</summary>
    public string? Variable { get; init; }

    /// <summary>cache and secret: permission bits.</summary>
    public int Mode { get; init; }

    /// <summary>cache and secret: owner.</summary>
    public uint Uid { get; init; }

    /// <summary>cache and secret: group.</summary>
    public uint Gid { get; init; }
}
