using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth stop</c>: the stop signal, then, after a while, SIGKILL.</summary>
internal sealed class StopVerb : EachVerb
{
    private readonly NumberFlag _timeout = new("timeout", 't', "SECONDS", "Time to end before it is killed (default: the container's, else 10)");
    private readonly NumberFlag _time = new("time", "SECONDS", "Same as --timeout") { Hidden = true };
    private readonly TextFlag _signal = new("signal", 's', "SIGNAL", "Signal instead of the container's stop signal") { Completes = CompletionSource.Signals };

    public override IReadOnlyList<string> Examples => ["stop web", "stop -t 2 web db"];

    public override Flag[] Flags => [_timeout, _time, _signal];

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    protected override void Do(CommandContext context, string argument) => PostAndPrint(
        context, new Query($"{Path(argument)}/stop").Add("t", _timeout.Value ?? _time.Value).Add("signal", _signal.Value).ToString(), argument);
}
