using Berth.Cli.CommandLine;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose kill</c>.</summary>
internal sealed class ComposeKillVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly TextFlag _signal = new("signal", 's', "SIGNAL", "Signal to send (default SIGKILL)") { Completes = CompletionSource.Signals };

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose kill", "compose kill -s SIGHUP web"];

    public override Flag[] Flags => [_signal];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny(arguments);
        foreach (var container in session.Containers(name, arguments).Where(one => one.IsRunning))
        {
            _ = session.Engine.Call("POST", $"/containers/{container.Id}/kill?signal={Uri.EscapeDataString(_signal.Value ?? "SIGKILL")}");
            session.Progress.Done($"Container {container.Name}", "Killed");
        }
        return 0;
    }
}
