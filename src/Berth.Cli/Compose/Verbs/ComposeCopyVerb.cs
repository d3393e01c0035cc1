using Berth.Cli.CommandLine;
using Berth.Cli.Commands;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose cp</c>: as <c>berth cp</c>, with a service in place of a container.</summary>
internal sealed class ComposeCopyVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly NumberFlag _index = new("index", "NUMBER", "The container of that number");
    private readonly BoolFlag _archive = new("archive", 'a', "Keep owners");
    private readonly BoolFlag _follow = new("follow-link", 'L', "Copy what a link leads to");

    public override string Usage => "[OPTIONS] SERVICE:PATH LOCAL_PATH|-  or  LOCAL_PATH|- SERVICE:PATH";

    public override IReadOnlyList<string> Examples => ["compose cp web:/etc/hosts .", "compose cp page.html web:/www/"];

    public override Flag[] Flags => [_index, _archive, _follow];

    public override int MinimumArguments => 2;

    public override int MaximumArguments => 2;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny();
        List<string> words = [.. _archive.Value ? ["-a"] : Array.Empty<string>(), .. _follow.Value ? ["-L"] : Array.Empty<string>(), "--"];
        foreach (var argument in arguments)
        {
            var at = argument.IndexOf(':', StringComparison.Ordinal);
            words.Add(at <= 0 || argument[0] is '.' or '/' ? argument : session.Container(name, argument[..at], _index.Value).Id + argument[at..]);
        }
        return Delegate(session, new CopyVerb(), words);
    }
}
