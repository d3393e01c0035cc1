using Berth.Cli.CommandLine;
using Berth.Compose.Planning;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose stop</c>.</summary>
internal sealed class ComposeStopVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly NumberFlag _timeout = new("timeout", 't', "SECONDS", "Time containers have to end");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose stop", "compose stop -t 1 web"];

    public override Flag[] Flags => [_timeout];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (project, name) = session.LoadIfAny(arguments);
        return session.Run(project, DownPlanner.Stop(project, session.Containers(name, arguments)), _timeout.Value) ? 0 : 1;
    }
}
