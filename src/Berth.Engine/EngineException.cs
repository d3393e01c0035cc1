namespace Berth.Engine;

/// <summary>A request failed; the message says what to do. <see cref="Kind"/> decides status and exit code.</summary>
public sealed class EngineException : Exception
{
    /// <summary>An error of the given kind.</summary>
    public EngineException(EngineErrorKind kind, string message, Exception? inner = null) : base(message, inner) => Kind = kind;

    /// <summary>Class of the error.</summary>
    public EngineErrorKind Kind { get; }

    /// <summary>Exit code for clients when a workload could not be started: 125, 126 or 127; 0 = not about a start.</summary>
    public int ExitCode { get; init; }

    internal static EngineException NotFound(string message) => new(EngineErrorKind.NotFound, message);

    internal static EngineException Conflict(string message) => new(EngineErrorKind.Conflict, message);

    internal static EngineException Invalid(string message) => new(EngineErrorKind.InvalidParameter, message);

    internal static EngineException NotImplemented(string message) => new(EngineErrorKind.NotImplemented, message);
}
