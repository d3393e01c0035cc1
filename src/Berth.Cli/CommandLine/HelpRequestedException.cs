namespace Berth.Cli.CommandLine;

/// <summary>The user asked for help instead of running the verb.</summary>
internal sealed class HelpRequestedException : Exception;
