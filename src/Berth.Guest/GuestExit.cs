namespace Berth.Guest;

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">Its exit code, or 128 and the signal's number.</param>
/// <param name="Signal">The signal that ended it, or 0.</param>
/// <param name="OutOfMemory">Whether the guest's kernel killed something for lack of memory while it ran, and it was killed.</param>
public sealed record GuestExit(int ExitCode, int Signal, bool OutOfMemory);
