namespace Berth.Containers.Supervision;

/// <summary>News from the supervisor. Ended processes are told again on every watch until they are forgotten.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Process">To which process; null for <see cref="SupervisorEventKind.Replayed"/>.</param>
public sealed record SupervisorEvent(SupervisorEventKind Kind, SupervisedProcess? Process);
