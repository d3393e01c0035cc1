using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth rename</c>.</summary>
internal sealed class RenameVerb : Verb
{
    public override string Usage => "CONTAINER NEW_NAME";

    public override IReadOnlyList<string> Examples => ["rename web web-old"];

    public override int MinimumArguments => 2;

    public override int MaximumArguments => 2;

    public override CompletionSource Completes => CompletionSource.Containers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using (context.Api.Send("POST", new Query($"/containers/{Query.Escape(arguments[0])}/rename").Add("name", arguments[1]).ToString()))
        {
            return 0;
        }
    }
}
