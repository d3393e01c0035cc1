using Berth.Cli.CommandLine;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose pull</c>.</summary>
internal sealed class ComposePullVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _ignore = new("ignore-pull-failures", "Go on when an image cannot be had");
    private readonly BoolFlag _dependencies = new("include-deps", "Those of dependencies too");
    private readonly BoolFlag _quiet = new("quiet", 'q', "No progress");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose pull", "compose pull web"];

    public override Flag[] Flags => [_ignore, _dependencies, _quiet];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var project = session.Load(arguments);
        var targets = UpPlanner.Targets(project, new UpOptions { Services = arguments, NoDependencies = !_dependencies.Value });
        new ImagePreparation(session.Engine, _quiet.Value ? new QuietProgress(session.Context) : session.Progress, TimeProvider.System).Pull(targets, new ImageOptions { IgnoreFailures = _ignore.Value });
        return 0;
    }
}
