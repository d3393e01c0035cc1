namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose pause</c> and <c>unpause</c>.</summary>
internal sealed class ComposePauseVerb(ComposeFlags flags, string action, string done) : ComposeCommand(flags)
{
    public override string Usage => "[SERVICE...]";

    public override IReadOnlyList<string> Examples => [$"compose {action}", $"compose {action} web"];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny(arguments);
        var wanted = action == "pause" ? "running" : "paused";
        foreach (var container in session.Containers(name, arguments).Where(one => one.State == wanted))
        {
            _ = session.Engine.Call("POST", $"/containers/{container.Id}/{action}");
            session.Progress.Done($"Container {container.Name}", done);
        }
        return 0;
    }
}
