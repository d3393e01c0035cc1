using Berth.Cli.CommandLine;
using Berth.Cli.Completion;

namespace Berth.Cli.Commands;

/// <summary><c>berth __complete WORD...</c>: what the last word may become, one candidate a line. Called by the scripts of <c>berth completion</c>.</summary>
internal sealed class CompleteVerb : Verb
{
    public override string Usage => "WORD...";

    public override IReadOnlyList<string> Examples => [];

    public override bool StopAtFirstArgument => true;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        foreach (var candidate in new Candidates(context).For([.. arguments]))
        {
            context.Out.WriteLine(candidate);
        }
        return 0;
    }
}
