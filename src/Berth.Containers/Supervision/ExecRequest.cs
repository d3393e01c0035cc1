using Berth.Containers.Spec;

namespace Berth.Containers.Supervision;

/// <summary>Starts one more process in a running container.</summary>
public sealed record ExecRequest
{
    /// <summary>The running container.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The new process's identity, unique within the container; same alphabet as a container's.</summary>
    public required string ExecId { get; init; }

    /// <summary>Arguments, environment, directory, user, capabilities.</summary>
    public required ProcessSpec Process { get; init; }

    /// <summary>docker's <c>user[:group]</c>, resolved inside the container; null = as <see cref="Process"/> says.</summary>
    public string? User { get; init; }

    /// <summary>Additional groups by name or number.</summary>
    public IReadOnlyList<string> GroupAdd { get => field ?? []; init; }

    /// <summary>The container's seccomp filter, which execs share; null = none.</summary>
    public SeccompSpec? Seccomp { get; init; }

    /// <summary>Give the process a terminal of its own.</summary>
    public bool Tty { get; init; }

    /// <summary>Keep a standard input for attached clients; it is closed when the client that feeds it ends its input.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>First size of the terminal.</summary>
    public TerminalSize? ConsoleSize { get; init; }
}
