namespace Berth.Guest;

/// <summary>The guest could not do what it was asked; the message is the agent's.</summary>
public sealed class GuestException(int exitCode, int errno, string message) : Exception(message)
{
    /// <summary>125 for the machine's own failures, 126 when a command cannot be run, 127 when it was not found.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>The guest kernel's error number, or 0.</summary>
    public int Errno { get; } = errno;
}
