namespace Berth.Containers.Cgroups;

/// <summary>Block device traffic, each list with one entry per device and operation.</summary>
public sealed record BlockIoStats
{
    /// <summary>Bytes moved.</summary>
    public IReadOnlyList<BlockIoEntry> ServiceBytes { get; init; } = [];

    /// <summary>Requests served.</summary>
    public IReadOnlyList<BlockIoEntry> Serviced { get; init; } = [];
}
