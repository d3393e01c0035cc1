namespace Berth.Vmm.Control;

/// <summary>A process to run in a machine: the workload itself, or an exec.</summary>
public sealed record WorkloadConfig
{
    /// <summary>Program and arguments; a name without a slash is looked up in PATH.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary>Environment as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Env { get => field ?? []; init; }

    /// <summary>Working directory; empty for /.</summary>
    public string Cwd { get => field ?? ""; init; }

    /// <summary><c>user[:group]</c>, resolved in the image; empty for root.</summary>
    public string User { get => field ?? ""; init; }

    /// <summary>Further groups by name or number.</summary>
    public IReadOnlyList<string> Groups { get => field ?? []; init; }

    /// <summary>Resource limits, 16 at most.</summary>
    public IReadOnlyList<LimitConfig> Limits { get => field ?? []; init; }

    /// <summary>Whether it gets a terminal in the guest; berth-vmm's own standard input is one then.</summary>
    public bool Tty { get; init; }

    /// <summary>Whether its input stays open; else it is /dev/null.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>Whether a small init process stands before it and reaps for it.</summary>
    public bool Init { get; init; }

    /// <summary>Whether it and its children can gain no privileges by execve(2).</summary>
    public bool NoNewPrivileges { get; init; }
}
