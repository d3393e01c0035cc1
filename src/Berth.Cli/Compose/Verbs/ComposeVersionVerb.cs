using Berth.Cli.CommandLine;
using Berth.Cli.Commands;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose version</c>.</summary>
internal sealed class ComposeVersionVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _short = new("short", "Only the number");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["compose version --short"];

    public override Flag[] Flags => [_short];

    public override int MaximumArguments => 0;

    public override CompletionSource Completes => CompletionSource.Nothing;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        session.Context.Out.WriteLine(_short.Value ? VersionVerb.Client : $"Berth Compose version {VersionVerb.Client}");
        return 0;
    }
}
