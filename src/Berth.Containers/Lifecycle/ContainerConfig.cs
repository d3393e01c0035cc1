using Berth.Containers.Cgroups;
using Berth.Containers.Interfaces;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Lifecycle;

/// <summary>Everything needed to create a container and start its first process.</summary>
public sealed record ContainerConfig
{
    /// <summary>The container's id, for messages.</summary>
    public required string Id { get; init; }

    /// <summary>A validated specification; <c>root</c> counts only by its <c>readonly</c>.</summary>
    public required RuntimeSpec Spec { get; init; }

    /// <summary>The root file system.</summary>
    public required RootfsSource Rootfs { get; init; }

    /// <summary>Docker's <c>user[:group]</c>, looked up in the image's /etc/passwd and /etc/group; null means the specification's numbers.</summary>
    public string? User { get; init; }

    /// <summary>Additional groups by name or number, looked up in the image.</summary>
    public IReadOnlyList<string> GroupAdd { get; init; } = [];

    /// <summary>Whether a small init of our own runs as process 1 and the command below it.</summary>
    public bool Init { get; init; }

    /// <summary>Interfaces made in its network namespace before the process runs; it must have one of its own.</summary>
    public IReadOnlyList<InterfaceConfig> Interfaces { get; init; } = [];

    /// <summary>Taps of the host that the process gets as open descriptors, from 3 on.</summary>
    public IReadOnlyList<TapConfig> Taps { get; init; } = [];

    /// <summary>A FIFO, open for reading and writing: the process stands complete, but becomes its program only when a byte arrives here. The creator
    /// may have ended by then. Null: at once.</summary>
    public FileDescriptor? Gate { get; init; }

    /// <summary>Called on the caller's thread with the process and its handle when namespaces, mounts and devices are made and the process waits before the
    /// change of its root; what it throws undoes the container. Not for a container that joins a pid namespace: its process comes last.</summary>
    public Action<int, FileDescriptor>? BeforePivot { get; init; }

    /// <summary>The cgroup, created and with its limits applied; the process enters it before anything else. Null: stay where the caller is.</summary>
    public ICgroup? Cgroup { get; init; }
}
