namespace Berth.Containers.Supervision;

/// <summary>A process the supervisor knows: running, or ended and not yet forgotten.</summary>
public sealed record SupervisedProcess
{
    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>The exec process; null for the container's main process.</summary>
    public string? ExecId { get; init; }

    /// <summary>Number in the host's PID namespace.</summary>
    public required int Pid { get; init; }

    /// <summary>Start time as in field 22 of /proc/PID/stat.</summary>
    public ulong StartTimeTicks { get; init; }

    /// <summary>Path of its cgroup below the hierarchy's root.</summary>
    public string? CgroupPath { get; init; }

    /// <summary>Has a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>When execve succeeded.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the end was noticed; null while running.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Exit code, 128 + signal when killed by one; null while running.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that killed it, if one did.</summary>
    public int? Signal { get; init; }

    /// <summary>The kernel killed something in its cgroup for want of memory.</summary>
    public bool OomKilled { get; init; }

    /// <summary>What could not be learnt or went wrong, in words.</summary>
    public string? Error { get; init; }

    /// <summary>Not ended yet.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsRunning => FinishedAt is null;
}
