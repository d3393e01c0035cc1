using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary><c>berth top</c>.</summary>
internal sealed class TopVerb : Verb
{
    public override string Usage => "CONTAINER [PS OPTIONS]";

    public override IReadOnlyList<string> Examples => ["top web", "top web aux"];

    public override int MinimumArguments => 1;

    public override bool StopAtFirstArgument => true;

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get(new Query($"/containers/{Query.Escape(arguments[0])}/top")
            .Add("ps_args", arguments.Count > 1 ? string.Join(' ', arguments.Skip(1)) : null).ToString());
        List<IReadOnlyList<string>> rows = [[.. answer.RootElement.Texts("Titles")]];
        foreach (var process in answer.RootElement.Items("Processes"))
        {
            rows.Add([.. process.EnumerateArray().Select(cell => cell.GetString() ?? "")]);
        }
        Table.Write(context.Out, rows);
        return 0;
    }
}
