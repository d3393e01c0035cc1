using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth kernel rm</c>.</summary>
internal sealed class KernelRemoveVerb : EachVerb
{
    public override string Usage => "NAME [NAME...]";

    public override IReadOnlyList<string> Examples => ["kernel rm mine"];

    public override Flag[] Flags => [];

    public override CompletionSource Completes => CompletionSource.Kernels;

    protected override void Do(CommandContext context, string argument)
    {
        using (context.Api.Send("DELETE", $"/berth/kernels/{Query.Escape(argument)}"))
        {
            context.Out.WriteLine(argument);
        }
    }
}
