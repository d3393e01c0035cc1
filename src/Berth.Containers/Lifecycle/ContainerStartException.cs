using Berth.Linux;

namespace Berth.Containers.Lifecycle;

/// <summary>A process could not be started; nothing of it is left.</summary>
public sealed class ContainerStartException(string message, int exitCode, string step, Errno errno, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>125 when the engine failed, 126 when the program cannot be run, 127 when it was not found.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>What was being done.</summary>
    public string Step { get; } = step;

    /// <summary>The kernel's answer, if there was one.</summary>
    public Errno Errno { get; } = errno;

    internal static ContainerStartException Because(string message, string step, Errno errno = Errno.None, Exception? inner = null) =>
        new(message, 125, step, errno, inner);
}
