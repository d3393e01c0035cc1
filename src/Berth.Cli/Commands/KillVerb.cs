using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth kill</c>.</summary>
internal sealed class KillVerb : EachVerb
{
    private readonly TextFlag _signal = new("signal", 's', "SIGNAL", "Signal to send (default KILL)") { Completes = CompletionSource.Signals };

    public override IReadOnlyList<string> Examples => ["kill web", "kill -s HUP web"];

    public override Flag[] Flags => [_signal];

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    protected override void Do(CommandContext context, string argument) =>
        PostAndPrint(context, new Query($"{Path(argument)}/kill").Add("signal", _signal.Value ?? "SIGKILL").ToString(), argument);
}
