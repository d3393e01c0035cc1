namespace Berth.Linux.Tracing;

/// <summary>Why a traced process stopped: the signal that it would get, or that it is about to make a system call.</summary>
/// <param name="Signal">The signal's number; SIGTRAP for a system call.</param>
/// <param name="IsSystemCall">Whether it stands behind the instruction of a system call, which was not made.</param>
public readonly record struct TraceStop(int Signal, bool IsSystemCall);
