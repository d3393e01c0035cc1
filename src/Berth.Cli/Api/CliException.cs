namespace Berth.Cli.Api;

/// <summary>The command cannot go on; the message says why and what to do.</summary>
internal sealed class CliException(string message, int? exitCode = null) : Exception(message)
{
    /// <summary>Exit code, or null for the verb's usual one.</summary>
    public int? ExitCode { get; } = exitCode;
}
