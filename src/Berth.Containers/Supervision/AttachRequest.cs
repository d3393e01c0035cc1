namespace Berth.Containers.Supervision;

/// <summary>Which streams of which process to join. May be sent before the process is started; nothing of its output is missed then.</summary>
public sealed record AttachRequest
{
    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>The exec process, or null for the container's main process.</summary>
    public string? ExecId { get; init; }

    /// <summary>Bytes the client sends go to standard input; its half-close is end of file when the process was started with StdinOnce.</summary>
    public bool Stdin { get; init; }

    /// <summary>Deliver standard output (or the terminal).</summary>
    public bool Stdout { get; init; }

    /// <summary>Deliver standard error; a terminal has none.</summary>
    public bool Stderr { get; init; }

    /// <summary>Deliver what the log already holds first, without gap or repetition. Needs <see cref="LogDirectory"/>.</summary>
    public bool Logs { get; init; }

    /// <summary>The container's log directory, read by the client itself.</summary>
    public string? LogDirectory { get; init; }

    /// <summary>False with <see cref="Logs"/>: end after the log instead of going on with live output.</summary>
    public bool Stream { get; init; } = true;

    /// <summary>Refuse (Conflict) unless the process runs now, instead of waiting for its start.</summary>
    public bool RunningOnly { get; init; }
}
