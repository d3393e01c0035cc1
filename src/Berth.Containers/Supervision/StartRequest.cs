using Berth.Containers.Interfaces;
using Berth.Containers.Spec;

namespace Berth.Containers.Supervision;

/// <summary>Creates a container and starts its main process.</summary>
public sealed record StartRequest
{
    /// <summary>The container's identity: letters, digits, <c>_ . -</c>, at most 128.</summary>
    public required string Id { get; init; }

    /// <summary>The runtime specification; <c>linux.cgroupsPath</c> names the cgroup, <c>/berth/ID</c> when absent.</summary>
    public required RuntimeSpec Spec { get; init; }

    /// <summary>The root file system.</summary>
    public required RootfsRequest Rootfs { get; init; }

    /// <summary>docker's <c>user[:group]</c>, resolved inside the image; null = as the specification says.</summary>
    public string? User { get; init; }

    /// <summary>Additional groups by name or number.</summary>
    public IReadOnlyList<string> GroupAdd { get => field ?? []; init; }

    /// <summary>Interfaces of its network namespace besides the loopback one; it must have a namespace of its own.</summary>
    public IReadOnlyList<InterfaceConfig> Interfaces { get => field ?? []; init; }

    /// <summary>Taps that the process gets as open descriptors, from 3 on.</summary>
    public IReadOnlyList<TapConfig> Taps { get => field ?? []; init; }

    /// <summary>Run a small init as process 1.</summary>
    public bool Init { get; init; }

    /// <summary>Give the process a terminal of its own.</summary>
    public bool Tty { get; init; }

    /// <summary>Keep a standard input for attached clients; otherwise it is /dev/null.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>Close standard input when the client that feeds it ends its input.</summary>
    public bool StdinOnce { get; init; }

    /// <summary>First size of the terminal.</summary>
    public TerminalSize? ConsoleSize { get; init; }

    /// <summary>Where output is recorded; null records nothing.</summary>
    public LogConfig? Log { get; init; }
}
