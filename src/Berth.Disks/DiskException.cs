namespace Berth.Disks;

/// <summary>A disk image cannot be opened, made or used; the message names the file and what to do.</summary>
public sealed class DiskException(DiskErrorCode code, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>The kind of failure.</summary>
    public DiskErrorCode Code { get; } = code;
}
