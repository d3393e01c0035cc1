namespace Berth.Images.Tar;

/// <summary>One entry of a tar archive with all extensions applied.</summary>
public sealed record TarEntry
{
    /// <summary>Path as written in the archive, unchecked.</summary>
    public required string Name { get; init; }

    /// <summary>What it makes.</summary>
    public required TarEntryType Type { get; init; }

    /// <summary>Target of a hard or symbolic link.</summary>
    public string LinkName { get; init; } = "";

    /// <summary>Permission bits with setuid, setgid and sticky (07777).</summary>
    public int Mode { get; init; }

    /// <summary>Owner.</summary>
    public uint Uid { get; init; }

    /// <summary>Group.</summary>
    public uint Gid { get; init; }

    /// <summary>Logical size in bytes; for sparse files with the holes.</summary>
    public long Size { get; init; }

    /// <summary>Time of the last change.</summary>
    public TarTime ModifiedAt { get; init; }

    /// <summary>Major device number.</summary>
    public uint DeviceMajor { get; init; }

    /// <summary>Minor device number.</summary>
    public uint DeviceMinor { get; init; }

    /// <summary>Extended attributes.</summary>
    public IReadOnlyList<Xattr> Attributes { get; init; } = [];

    /// <summary>Stored runs of a sparse file, in order; null when the file is stored whole.</summary>
    public IReadOnlyList<SparseExtent>? Sparse { get; init; }
}
