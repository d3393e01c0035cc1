using Berth.Images.Tar;

namespace Berth.Images.Layers;

/// <summary>How an archive is unpacked.</summary>
public sealed record TarExtractOptions
{
    /// <summary>The archive is an image layer: whiteouts become overlayfs whiteouts, and two entries of one name are refused.</summary>
    public bool IsLayer { get; init; }

    /// <summary>Whether device nodes are made; otherwise they are refused.</summary>
    public bool AllowDevices { get; init; } = true;

    /// <summary>Refuse to put a file in place of a directory or the other way round; otherwise the old one is removed.</summary>
    public bool NoOverwriteDirNonDir { get; init; }

    /// <summary>Symbolic links among the directories that are there already are followed, as a process chrooted into the root would; otherwise they are refused.</summary>
    public bool FollowsLinks { get; init; }

    /// <summary>Directory below the root that the archive's names are relative to, without a slash in front; empty = the root.</summary>
    public string Below { get; init; } = "";

    /// <summary>Owner and group of everything made, in place of the archive's.</summary>
    public (uint Uid, uint Gid)? Owner { get; init; }

    /// <summary>Bounds on the archive.</summary>
    public ArchiveLimits Limits { get; init; } = ArchiveLimits.Default;
}
