using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth daemon start</c>.</summary>
internal sealed class DaemonStartVerb : Verb
{
    public override string Usage => "";

    public override IReadOnlyList<string> Examples => ["daemon start"];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        // Any call starts the daemon when it does not answer.
        using (context.Api.Send("GET", "/_ping"))
        {
            context.Error.WriteLine($"The daemon listens on {context.Paths.Socket}");
            return 0;
        }
    }
}
