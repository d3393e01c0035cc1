using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Streams;

namespace Berth.Cli.Commands;

/// <summary><c>berth export</c>.</summary>
internal sealed class ExportVerb : Verb
{
    private readonly TextFlag _output = new("output", 'o', "FILE", "Write to a file instead of standard output") { Completes = CompletionSource.Files };

    public override string Usage => "[OPTIONS] CONTAINER";

    public override IReadOnlyList<string> Examples => ["export -o web.tar web"];

    public override Flag[] Flags => [_output];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Containers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        Download.RefuseTerminal(context, _output.Value);
        using var exchange = context.Api.Send("GET", $"/containers/{Query.Escape(arguments[0])}/export");
        Download.Save(context, exchange.Body, _output.Value);
        return 0;
    }
}
