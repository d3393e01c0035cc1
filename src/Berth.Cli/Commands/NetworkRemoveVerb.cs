using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth network rm</c>.</summary>
internal sealed class NetworkRemoveVerb : EachVerb
{
    private readonly BoolFlag _force = new("force", 'f', "No complaint when it does not exist");

    public override string Usage => "[OPTIONS] NETWORK [NETWORK...]";

    public override IReadOnlyList<string> Examples => ["network rm web"];

    public override Flag[] Flags => [_force];

    public override CompletionSource Completes => CompletionSource.Networks;

    protected override void Do(CommandContext context, string argument)
    {
        try
        {
            using (context.Api.Send("DELETE", $"/networks/{Query.Escape(argument)}"))
            {
                context.Out.WriteLine(argument);
            }
        }
        catch (ApiException e) when (e.Status == 404 && _force.Value)
        {
            // As wished.
        }
    }
}
