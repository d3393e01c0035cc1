using Berth.Cli.CommandLine;
using Berth.Compose.Planning;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose restart</c>: those that asked to be restarted with a dependency are, too.</summary>
internal sealed class ComposeRestartVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly NumberFlag _timeout = new("timeout", 't', "SECONDS", "Time containers have to end");
    private readonly BoolFlag _noDeps = new("no-deps", "Leave dependent services alone");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose restart", "compose restart -t 1 web"];

    public override Flag[] Flags => [_timeout, _noDeps];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var project = session.Load(arguments);
        HashSet<string> services = [.. arguments.Count > 0 ? arguments : project.Services.Keys];
        if (!_noDeps.Value)
        {
            services.UnionWith(project.Services.Values.Where(service => service.DependsOn.Any(dependency => dependency.Restart && services.Contains(dependency.Service))).Select(service => service.Name).ToList());
        }
        var containers = session.Containers(project.Name, [.. services]).Where(one => !one.OneOff).ToList();
        return session.Run(project, DownPlanner.Stop(project, containers), _timeout.Value)
            && session.Run(project, StartPlanner.Plan(project, session.State.Read(project.Name), services)) ? 0 : 1;
    }
}
