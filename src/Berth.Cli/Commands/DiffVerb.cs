using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary><c>berth diff</c>: A added, C changed, D deleted.</summary>
internal sealed class DiffVerb : Verb
{
    public override string Usage => "CONTAINER";

    public override IReadOnlyList<string> Examples => ["diff web"];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Containers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get($"/containers/{Query.Escape(arguments[0])}/changes");
        if (answer.RootElement.ValueKind == System.Text.Json.JsonValueKind.Array)
        {
            foreach (var change in answer.RootElement.EnumerateArray())
            {
                var kind = change.Number("Kind") switch { 1 => 'A', 2 => 'D', _ => 'C' };
                context.Out.WriteLine($"{kind} {change.Text("Path")}");
            }
        }
        return 0;
    }
}
