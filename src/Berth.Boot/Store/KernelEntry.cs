namespace Berth.Boot.Store;

/// <summary>A kernel in the store.</summary>
public sealed record KernelEntry
{
    /// <summary>Name to boot it by: letters, digits, '.', '-', '_'.</summary>
    public required string Name { get; init; }

    /// <summary>Version the kernel states, empty if it states none.</summary>
    public string Version { get; init; } = "";

    /// <summary>"bzImage", "elf" or "pvh".</summary>
    public required string Format { get; init; }

    /// <summary>SHA-256 of the kernel file, lower-case hexadecimal; checked at each use.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the kernel file.</summary>
    public long Size { get; init; }

    /// <summary>Where it came from: a package with its version, or a path.</summary>
    public string Source { get; init; } = "";

    /// <summary>When it came.</summary>
    public DateTimeOffset Added { get; init; }
}
