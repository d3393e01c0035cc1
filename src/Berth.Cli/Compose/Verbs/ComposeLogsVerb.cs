using Berth.Cli.CommandLine;
using Berth.Cli.Parsing;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose logs</c>.</summary>
internal sealed class ComposeLogsVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _follow = new("follow", 'f', "Go on with new output");
    private readonly BoolFlag _timestamps = new("timestamps", 't', "Put the time before each line");
    private readonly TextFlag _tail = new("tail", 'n', "LINES", "Only the last lines of each container (default all)");
    private readonly TextFlag _since = new("since", "TIME", "Output since a time (10m, Unix seconds or a date)");
    private readonly TextFlag _until = new("until", "TIME", "Output before a time");
    private readonly BoolFlag _noColor = new("no-color", "No colours");
    private readonly BoolFlag _noPrefix = new("no-log-prefix", "No names before lines");
    private readonly NumberFlag _index = new("index", "NUMBER", "Only the container of that number");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose logs -f --tail 20", "compose logs -t --no-color web"];

    public override Flag[] Flags => [_follow, _timestamps, _tail, _since, _until, _noColor, _noPrefix, _index];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (project, name) = session.LoadIfAny(arguments);
        var now = TimeProvider.System.GetUtcNow();
        LogPrinter printer = new(session.Context, !_noColor.Value && session.Colors, !_noPrefix.Value);
        var containers = session.Containers(name, arguments).Where(one => !one.OneOff && (_index.Value is null || one.Number == _index.Value)).ToList();
        string NameOf(Berth.Compose.Planning.FoundContainer one) => project?.Services.GetValueOrDefault(one.Service)?.ContainerName ?? $"{one.Service}-{one.Number}";
        containers.ForEach(one => printer.Add(NameOf(one)));
        var followers = containers.Select(one => LogFollower.Start(session.Engine, printer, one.Id, NameOf(one), query => query
            .Add("follow", _follow.Value).Add("timestamps", _timestamps.Value).Add("tail", _tail.Value).Add("since", TimeArgument.ToUnix(_since.Value, now)).Add("until", TimeArgument.ToUnix(_until.Value, now)))).ToList();
        followers.ForEach(follower => follower.Join());
        return 0;
    }
}
