using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth rm</c>.</summary>
internal sealed class RemoveVerb : EachVerb
{
    private readonly BoolFlag _force = new("force", 'f', "Kill it first when it runs");
    private readonly BoolFlag _volumes = new("volumes", 'v', "Remove its anonymous volumes too");
    private readonly BoolFlag _link = new("link", 'l', "Remove the link only") { Hidden = true };

    public override IReadOnlyList<string> Examples => ["rm web", "rm -f $(berth ps -aq)"];

    public override Flag[] Flags => [_force, _volumes, _link];

    public override CompletionSource Completes => CompletionSource.Containers;

    protected override void Do(CommandContext context, string argument)
    {
        try
        {
            using (context.Api.Send("DELETE", new Query(Path(argument)).Add("v", _volumes.Value).Add("force", _force.Value).Add("link", _link.Value).ToString()))
            {
                context.Out.WriteLine(argument);
            }
        }
        catch (ApiException e) when (e.Status == 404 && _force.Value)
        {
            // Nothing to remove is what was asked for; docker says so and succeeds.
            context.Error.WriteLine(e.Message);
        }
    }
}
