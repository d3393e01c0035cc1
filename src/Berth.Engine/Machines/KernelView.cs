namespace Berth.Engine.Machines;

/// <summary>A kernel that virtual machines can boot.</summary>
public sealed record KernelView
{
    /// <summary>Name to choose it by.</summary>
    public required string Name { get; init; }

    /// <summary>Release it states, empty if it states none.</summary>
    public required string Version { get; init; }

    /// <summary>"bzImage", "elf" or "pvh".</summary>
    public required string Format { get; init; }

    /// <summary>SHA-256 of its file, lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes of its file.</summary>
    public required long Size { get; init; }

    /// <summary>Where it came from.</summary>
    public required string Source { get; init; }

    /// <summary>When it came, RFC 3339.</summary>
    public required string Added { get; init; }

    /// <summary>Whether machines boot it unless told otherwise.</summary>
    public required bool Default { get; init; }
}
