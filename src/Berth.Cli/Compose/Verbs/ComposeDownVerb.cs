using Berth.Cli.CommandLine;
using Berth.Compose.Model;
using Berth.Compose.Planning;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose down</c>.</summary>
internal sealed class ComposeDownVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _volumes = new("volumes", 'v', "Remove volumes of the project too, and anonymous ones");
    private readonly TextFlag _images = new("rmi", "local|all", "Remove images: those that were built without a name of their own, or all");
    private readonly BoolFlag _orphans = new("remove-orphans", "Remove containers of services that the project does not have");
    private readonly NumberFlag _timeout = new("timeout", 't', "SECONDS", "Time containers have to end");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose down", "compose down -v --rmi local", "compose -p shop down"];

    public override Flag[] Flags => [_volumes, _images, _orphans, _timeout];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (project, name) = session.LoadIfAny(arguments);
        var found = session.State.Read(name);
        DownOptions options = new()
        {
            Services = arguments,
            Volumes = _volumes.Value,
            RemoveOrphans = _orphans.Value || project is null,
            Images = Images(project, name, found),
        };
        return session.Run(project, DownPlanner.Down(project, name, found, options), _timeout.Value) ? 0 : 1;
    }

    private IReadOnlyList<string> Images(Project? project, string name, FoundState found) => _images.Value switch
    {
        null => [],
        "all" => [.. project?.Services.Values.Select(service => service.Image).Distinct() ?? found.Containers.Select(one => one.Image).Distinct()],
        "local" => [.. project?.Services.Values.Where(service => service.Build is not null && service.Image == $"{name}-{service.Name}").Select(service => service.Image) ?? []],
        var other => throw new UsageException($"invalid value \"{other}\" for --rmi: use local or all"),
    };
}
