using Berth.Build.Ignore;
using Berth.Images.Tar;

namespace Berth.Images.Building;

/// <summary>What changes about files on their way into an image.</summary>
public sealed record CopyOptions
{
    /// <summary>Owner and group; null = their own.</summary>
    public (uint Uid, uint Gid)? Owner { get; init; }

    /// <summary>Permission bits; null = their own.</summary>
    public int? Mode { get; init; }

    /// <summary>Later times are written as this one.</summary>
    public TarTime? Latest { get; init; }

    /// <summary>Keep the directories of each source's path.</summary>
    public bool KeepsParents { get; init; }

    /// <summary>Archives among the sources are unpacked instead of copied.</summary>
    public bool Unpacks { get; init; }

    /// <summary>What is left out of each source.</summary>
    public IgnoreFile Excludes { get; init; } = IgnoreFile.Empty;
}
