using Berth.Devices;
using Berth.Devices.Virtio;
using Berth.Machine.Storage;
using Berth.Vmm.Networks;

namespace Berth.Vmm.Boards;

/// <summary>What lies behind a board's devices on the host. All of it outlives the board.</summary>
internal sealed record BoardBackends
{
    /// <summary>Takes what the guest prints on COM1.</summary>
    public required IByteSink Serial { get; init; }

    /// <summary>The agent's channel.</summary>
    public required VirtioConsolePort AgentPort { get; init; }

    /// <summary>Disks in the order of their names in the guest.</summary>
    public IReadOnlyList<IBlockBackend> Disks { get; init; } = [];

    /// <summary>Shared folders: one file system for all of them, or none.</summary>
    public IReadOnlyList<IFileSystemBackend> FileSystems { get; init; } = [];

    /// <summary>Network cards; others may come and go while the board runs.</summary>
    public IReadOnlyList<NetworkCard> Networks { get; init; } = [];
}
