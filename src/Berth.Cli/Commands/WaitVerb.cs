using Berth.Cli.CommandLine;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary><c>berth wait</c>.</summary>
internal sealed class WaitVerb : EachVerb
{
    public override string Usage => "CONTAINER [CONTAINER...]";

    public override IReadOnlyList<string> Examples => ["wait job"];

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    protected override void Do(CommandContext context, string argument)
    {
        using var answer = context.Api.Post($"{Path(argument)}/wait");
        context.Out.WriteLine(answer?.RootElement.Number("StatusCode") ?? 0);
        context.Flush();
    }
}
