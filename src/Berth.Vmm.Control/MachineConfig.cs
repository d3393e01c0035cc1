namespace Berth.Vmm.Control;

/// <summary>Everything berth-vmm needs to know of the machine it is; paths are those of its own sandbox.</summary>
public sealed record MachineConfig
{
    /// <summary>The instance's id, which the guest sees as serial number.</summary>
    public required string Id { get; init; }

    /// <summary>Bytes of RAM, a multiple of 4096.</summary>
    public required long Memory { get; init; }

    /// <summary>Processors, 1 to <see cref="MachineLimits.MaxCpus"/>.</summary>
    public required int Cpus { get; init; }

    /// <summary>What the processors are.</summary>
    public CpuEngine CpuEngine { get; init; }

    /// <summary>Whether busy user code is run on the host's processor itself, where it is translated.</summary>
    public bool DirectExecution { get; init; }

    /// <summary>Kernel file: bzImage or ELF.</summary>
    public required string Kernel { get; init; }

    /// <summary>Initial RAM disk with the agent.</summary>
    public required string Initrd { get; init; }

    /// <summary>Further words of the kernel's command line.</summary>
    public string CommandLine { get => field ?? ""; init; }

    /// <summary>Disks: the image's read-only one first, then the writable one.</summary>
    public IReadOnlyList<DiskConfig> Disks { get => field ?? []; init; }

    /// <summary>Network cards.</summary>
    public IReadOnlyList<NetworkCardConfig> Networks { get => field ?? []; init; }

    /// <summary>What of the host the guest shares.</summary>
    public IReadOnlyList<SharedFolderConfig> SharedFolders { get => field ?? []; init; }

    /// <summary>File system of the first disk.</summary>
    public string BaseFileSystem { get => field ?? "erofs"; init; }

    /// <summary>File system of the second disk.</summary>
    public string WritableFileSystem { get => field ?? "ext4"; init; }

    /// <summary>The guest's host name.</summary>
    public string Hostname { get => field ?? ""; init; }

    /// <summary>Content of /etc/hosts; empty for the agent's own.</summary>
    public string Hosts { get => field ?? ""; init; }

    /// <summary>Content of /etc/resolv.conf; empty leaves the image's.</summary>
    public string ResolverConfiguration { get => field ?? ""; init; }

    /// <summary>Mounts made in the guest, in order.</summary>
    public IReadOnlyList<GuestMountConfig> Mounts { get => field ?? []; init; }

    /// <summary>What the machine runs; its end is the machine's end.</summary>
    public required WorkloadConfig Workload { get; init; }

    /// <summary>File that keeps the last of what the serial console printed.</summary>
    public required string ConsoleLog { get; init; }

    /// <summary>File that gets what the workload changed as the tar of an image layer, once it has ended with 0; empty for none. The machine does not restart then.</summary>
    public string LayerFile { get => field ?? ""; init; }

    /// <summary>Bytes that the file may have.</summary>
    public long LayerLimit { get; init; }

    /// <summary>Unix socket for further processes, the console and counters.</summary>
    public required string ControlSocket { get; init; }
}
