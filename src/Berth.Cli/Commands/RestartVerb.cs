using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth restart</c>.</summary>
internal sealed class RestartVerb : EachVerb
{
    private readonly NumberFlag _timeout = new("timeout", 't', "SECONDS", "Time to end before it is killed");
    private readonly NumberFlag _time = new("time", "SECONDS", "Same as --timeout") { Hidden = true };
    private readonly TextFlag _signal = new("signal", 's', "SIGNAL", "Signal instead of the container's stop signal") { Completes = CompletionSource.Signals };

    public override IReadOnlyList<string> Examples => ["restart web"];

    public override Flag[] Flags => [_timeout, _time, _signal];

    protected override void Do(CommandContext context, string argument) => PostAndPrint(
        context, new Query($"{Path(argument)}/restart").Add("t", _timeout.Value ?? _time.Value).Add("signal", _signal.Value).ToString(), argument);
}
