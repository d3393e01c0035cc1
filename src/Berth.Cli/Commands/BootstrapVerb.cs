using Berth.Cli.CommandLine;
using Berth.Cli.Containers;

namespace Berth.Cli.Commands;

/// <summary><c>berth image bootstrap</c>.</summary>
internal sealed class BootstrapVerb : Verb
{
    private readonly BoolFlag _quiet = new("quiet", 'q', "No progress");

    public override string Usage => "[OPTIONS] busybox|debian[:SUITE]";

    public override IReadOnlyList<string> Examples => ["image bootstrap busybox", "image bootstrap debian:trixie"];

    public override Flag[] Flags => [_quiet];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        new ImageBootstrap(context) { Quiet = _quiet.Value }.Run(arguments[0]);
        context.Out.WriteLine(arguments[0]);
        return 0;
    }
}
