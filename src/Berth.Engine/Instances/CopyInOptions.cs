namespace Berth.Engine.Instances;

/// <summary>How an archive is unpacked into an instance.</summary>
public sealed record CopyInOptions
{
    /// <summary>Refuse to replace a directory by a file and the reverse.</summary>
    public bool NoOverwriteDirNonDir { get; init; }

    /// <summary>Keep the archive's owners; else root owns what is created.</summary>
    public bool CopyUidGid { get; init; }
}
