using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth pause</c>.</summary>
internal sealed class PauseVerb : EachVerb
{
    public override IReadOnlyList<string> Examples => ["pause web"];

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    protected override void Do(CommandContext context, string argument) => PostAndPrint(context, $"{Path(argument)}/pause", argument);
}
