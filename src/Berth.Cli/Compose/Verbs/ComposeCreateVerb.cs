using Berth.Cli.CommandLine;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose create</c>.</summary>
internal sealed class ComposeCreateVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly CreationFlags _creation = new();

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose create", "compose create --build web"];

    public override Flag[] Flags => _creation.All;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var project = session.Load(arguments);
        var options = _creation.Options(arguments) with { NoStart = true };
        var images = new ImagePreparation(session.Engine, session.Progress, TimeProvider.System).Prepare(UpPlanner.Targets(project, options), _creation.Images());
        var plan = UpPlanner.Plan(project, session.State.Read(project.Name) with { Images = images }, options);
        return session.Run(project, plan, images: images) ? 0 : 1;
    }
}
