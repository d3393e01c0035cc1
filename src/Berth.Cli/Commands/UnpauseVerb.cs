using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth unpause</c>.</summary>
internal sealed class UnpauseVerb : EachVerb
{
    public override IReadOnlyList<string> Examples => ["unpause web"];

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    protected override void Do(CommandContext context, string argument) => PostAndPrint(context, $"{Path(argument)}/unpause", argument);
}
