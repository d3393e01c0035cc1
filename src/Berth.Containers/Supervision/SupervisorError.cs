namespace Berth.Containers.Supervision;

/// <summary>A refusal as it travels.</summary>
internal sealed record SupervisorError(SupervisorErrorKind Kind, string Message, int ExitCode);
