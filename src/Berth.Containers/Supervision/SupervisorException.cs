namespace Berth.Containers.Supervision;

/// <summary>The supervisor refused or failed a call.</summary>
public sealed class SupervisorException : Exception
{
    /// <summary>Describes the refusal.</summary>
    public SupervisorException(SupervisorErrorKind kind, string message, int exitCode = 125, Exception? inner = null) : base(message, inner)
    {
        Kind = kind;
        ExitCode = exitCode;
    }

    /// <summary>The class of refusal.</summary>
    public SupervisorErrorKind Kind { get; }

    /// <summary>docker's code for a process that never ran: 125 engine, 126 not runnable, 127 not found.</summary>
    public int ExitCode { get; }
}
