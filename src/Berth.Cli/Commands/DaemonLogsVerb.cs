using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth daemon logs</c>.</summary>
internal sealed class DaemonLogsVerb : Verb
{
    private readonly NumberFlag _tail = new("tail", 'n', "LINES", "Only the last lines");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["daemon logs -n 20"];

    public override Flag[] Flags => [_tail];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var file = new DaemonLauncher(context.Paths).LogFile;
        if (!File.Exists(file))
        {
            throw new CliException($"there is no log at {file}: the daemon was not started by berth with this run root");
        }
        var lines = File.ReadLines(file);
        foreach (var line in _tail.Value is { } count ? lines.TakeLast((int)Math.Clamp(count, 0, int.MaxValue)) : lines)
        {
            context.Out.WriteLine(line);
        }
        return 0;
    }
}
