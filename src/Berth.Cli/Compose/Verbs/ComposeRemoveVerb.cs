using Berth.Cli.CommandLine;
using Berth.Compose.Planning;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose rm</c>.</summary>
internal sealed class ComposeRemoveVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _force = new("force", 'f', "Do not ask");
    private readonly BoolFlag _stop = new("stop", 's', "Stop them first");
    private readonly BoolFlag _volumes = new("volumes", 'v', "Remove anonymous volumes too");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose rm -f", "compose rm -fsv web"];

    public override Flag[] Flags => [_force, _stop, _volumes];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (project, name) = session.LoadIfAny(arguments);
        if (_stop.Value && !session.Run(project, DownPlanner.Stop(project, session.Containers(name, arguments))))
        {
            return 1;
        }
        var stopped = session.Containers(name, arguments).Where(one => !one.IsRunning).ToList();
        if (stopped.Count == 0)
        {
            session.Context.Error.WriteLine("No stopped containers");
            return 0;
        }
        if (!_force.Value && !Confirmation.Ask(session.Context, $"Going to remove {string.Join(", ", stopped.Select(one => one.Name))}."))
        {
            return 0;
        }
        DownOptions options = new() { Services = [.. stopped.Select(one => one.Service).Distinct()], Volumes = _volumes.Value };
        return session.Run(project, DownPlanner.Down(project, name, new FoundState(stopped, [], []), options)) ? 0 : 1;
    }
}
