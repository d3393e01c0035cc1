using Berth.Cli.CommandLine;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose scale</c>.</summary>
internal sealed class ComposeScaleVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _noDeps = new("no-deps", "Leave dependencies alone");

    public override string Usage => "[OPTIONS] SERVICE=NUMBER [SERVICE=NUMBER...]";

    public override IReadOnlyList<string> Examples => ["compose scale web=3 worker=5"];

    public override Flag[] Flags => [_noDeps];

    public override int MinimumArguments => 1;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var scale = CreationFlags.ParseScale(arguments);
        var project = session.Load([.. scale.Keys]);
        UpOptions options = new() { Services = [.. scale.Keys], Scale = scale, NoDependencies = _noDeps.Value, Recreate = RecreatePolicy.Never };
        var images = new ImagePreparation(session.Engine, session.Progress, TimeProvider.System).Prepare(UpPlanner.Targets(project, options), new ImageOptions());
        var plan = UpPlanner.Plan(project, session.State.Read(project.Name) with { Images = images }, options);
        return session.Run(project, plan, images: images) ? 0 : 1;
    }
}
