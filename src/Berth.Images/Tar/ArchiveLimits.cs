namespace Berth.Images.Tar;

/// <summary>Bounds on what an archive may make this host read and write.</summary>
public sealed record ArchiveLimits
{
    /// <summary>Entries in one archive.</summary>
    public int MaxEntries { get; init; } = 4_000_000;

    /// <summary>Bytes of one archive after decompression.</summary>
    public long MaxTotalBytes { get; init; } = 256L << 30;

    /// <summary>Logical size of one file, holes included.</summary>
    public long MaxFileSize { get; init; } = 4L << 40;

    /// <summary>Bytes of a name or link target (PATH_MAX, path_resolution(7)).</summary>
    public int MaxNameBytes { get; init; } = 4096;

    /// <summary>Bytes of the extended headers of one entry, PAX and GNU.</summary>
    public int MaxHeaderBytes { get; init; } = 1 << 20;

    /// <summary>Stored runs of one sparse file.</summary>
    public int MaxSparseExtents { get; init; } = 1 << 16;

    /// <summary>Decompressed bytes for one compressed byte, once <see cref="RatioFreeBytes"/> have come out.</summary>
    public int MaxRatio { get; init; } = 400;

    /// <summary>Decompressed bytes that are not held against <see cref="MaxRatio"/>.</summary>
    public long RatioFreeBytes { get; init; } = 1L << 30;

    /// <summary>Bytes that must stay free on the disk.</summary>
    public long MinFreeBytes { get; init; } = 128L << 20;

    /// <summary>The defaults.</summary>
    public static ArchiveLimits Default { get; } = new();
}
