using Berth.Cli.CommandLine;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose build</c>.</summary>
internal sealed class ComposeBuildVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly ListFlag _argument = new("build-arg", "NAME=VALUE", "Set a build argument");
    private readonly BoolFlag _noCache = new("no-cache", "Take nothing from the cache");
    private readonly BoolFlag _pull = new("pull", "Get base images anew");
    private readonly BoolFlag _quiet = new("quiet", 'q', "No progress");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose build", "compose build --no-cache --build-arg V=2 web"];

    public override Flag[] Flags => [_argument, _noCache, _pull, _quiet];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var project = session.Load(arguments);
        var targets = UpPlanner.Targets(project, new UpOptions { Services = arguments, NoDependencies = true });
        new ImagePreparation(session.Engine, _quiet.Value ? new QuietProgress(session.Context) : session.Progress, TimeProvider.System)
            .Build(targets, new ImageOptions { NoCache = _noCache.Value, PullBase = _pull.Value, Arguments = _argument.Values });
        return 0;
    }
}
