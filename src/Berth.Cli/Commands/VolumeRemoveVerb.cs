using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth volume rm</c>.</summary>
internal sealed class VolumeRemoveVerb : EachVerb
{
    private readonly BoolFlag _force = new("force", 'f', "No complaint when it does not exist");

    public override string Usage => "[OPTIONS] VOLUME [VOLUME...]";

    public override IReadOnlyList<string> Examples => ["volume rm data"];

    public override Flag[] Flags => [_force];

    public override CompletionSource Completes => CompletionSource.Volumes;

    protected override void Do(CommandContext context, string argument)
    {
        using (context.Api.Send("DELETE", new Query($"/volumes/{Query.Escape(argument)}").Add("force", _force.Value).ToString()))
        {
            context.Out.WriteLine(argument);
        }
    }
}
