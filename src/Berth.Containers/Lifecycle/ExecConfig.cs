using Berth.Containers.Cgroups;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Lifecycle;

/// <summary>One more process in a running container.</summary>
public sealed record ExecConfig
{
    /// <summary>pidfd of the container's first process: names its namespaces and cannot be reused for another process.</summary>
    public required FileDescriptor ContainerPidFd { get; init; }

    /// <summary>Process id that belongs to <see cref="ContainerPidFd"/>.</summary>
    public required int ContainerPid { get; init; }

    /// <summary>What to run.</summary>
    public required ProcessSpec Process { get; init; }

    /// <summary>The container's filter, which its other processes have as well.</summary>
    public SeccompSpec? Seccomp { get; init; }

    /// <summary>Docker's <c>user[:group]</c>, looked up in the container; null means the specification's numbers.</summary>
    public string? User { get; init; }

    /// <summary>Additional groups by name or number, looked up in the container.</summary>
    public IReadOnlyList<string> GroupAdd { get; init; } = [];

    /// <summary>The container's cgroup; null: stay where the caller is.</summary>
    public ICgroup? Cgroup { get; init; }
}
