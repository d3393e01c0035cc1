namespace Berth.Disks;

/// <summary>Kinds of <see cref="DiskException"/>.</summary>
public enum DiskErrorCode
{
    /// <summary>The file is damaged, or was made to do harm.</summary>
    InvalidImage,

    /// <summary>The image uses something Berth does not read.</summary>
    NotSupported,

    /// <summary>Another process writes to the disk.</summary>
    InUse,

    /// <summary>The host's disk is full.</summary>
    NoSpace,

    /// <summary>A tool of the host is missing or failed.</summary>
    ToolFailed,
}
