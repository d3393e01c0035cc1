using Berth.Cli.Api;

namespace Berth.Cli.CommandLine;

/// <summary>Flags before the verb: where the daemon is.</summary>
internal sealed class GlobalFlags
{
    private readonly TextFlag _host = new("host", 'H', "ADDRESS", "The daemon's socket, as unix:///run/berth/berth.sock (environment: BERTH_HOST)");
    private readonly TextFlag _dataRoot = new("data-root", "PATH", "Where a daemon started by this command keeps its data (BERTH_DATA_ROOT)");
    private readonly TextFlag _runRoot = new("run-root", "PATH", "Where its sockets and pid files are (BERTH_RUN_ROOT)");

    /// <summary>Fail when no daemon answers instead of starting it.</summary>
    public BoolFlag NoStart { get; } = new("no-start", "Do not start the daemon when it does not answer");

    /// <summary>Print the version.</summary>
    public BoolFlag Version { get; } = new("version", 'v', "Print the version");

    /// <summary>All of them.</summary>
    public Flag[] All => [_host, _dataRoot, _runRoot, NoStart, Version];

    /// <summary>Takes the flags before the verb and returns the rest.</summary>
    public ReadOnlySpan<string> Take(string[] words, out bool help)
    {
        help = false;
        if (words.Length == 0 || !words[0].StartsWith('-'))
        {
            return words;
        }
        try
        {
            return FlagParser.Parse(All, words, stopAtFirstArgument: true).ToArray();
        }
        catch (HelpRequestedException)
        {
            help = true;
            return [];
        }
    }

    /// <summary>Socket and directories by flags, environment and defaults.</summary>
    public BerthPaths Paths() => BerthPaths.Resolve(_host.Value, _dataRoot.Value, _runRoot.Value, Environment.GetEnvironmentVariable);
}
