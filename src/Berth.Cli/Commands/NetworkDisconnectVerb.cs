using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth network disconnect</c>.</summary>
internal sealed class NetworkDisconnectVerb : Verb
{
    private readonly BoolFlag _force = new("force", 'f', "Accepted for docker's sake");

    public override string Usage => "[OPTIONS] NETWORK CONTAINER";

    public override IReadOnlyList<string> Examples => ["network disconnect data web"];

    public override Flag[] Flags => [_force];

    public override int MinimumArguments => 2;

    public override int MaximumArguments => 2;

    public override CompletionSource Completes => CompletionSource.Networks;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using (context.Api.Post($"/networks/{Query.Escape(arguments[0])}/disconnect", JsonWriting.Object(json =>
        {
            json.WriteString("Container", arguments[1]);
            json.WriteBoolean("Force", _force.Value);
        })))
        {
            return 0;
        }
    }
}
