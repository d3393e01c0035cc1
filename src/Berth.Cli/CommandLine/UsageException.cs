namespace Berth.Cli.CommandLine;

/// <summary>The command line cannot be understood; the message says why. Ends with exit code 125, as docker does.</summary>
internal sealed class UsageException(string message) : Exception(message);
