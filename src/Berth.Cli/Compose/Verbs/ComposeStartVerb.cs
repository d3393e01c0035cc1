using Berth.Compose;
using Berth.Compose.Planning;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose start</c>.</summary>
internal sealed class ComposeStartVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    public override string Usage => "[SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose start", "compose start web"];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var project = session.Load(arguments);
        var found = session.State.Read(project.Name);
        foreach (var service in arguments.Where(service => !found.Of(service).Any()))
        {
            throw new ComposeException($"service \"{service}\" has no container to start; make it with: berth compose up -d {service}");
        }
        return session.Run(project, StartPlanner.Plan(project, found, [.. arguments.Count > 0 ? arguments : project.Services.Keys])) ? 0 : 1;
    }
}
