using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose ls</c>: every project that has containers.</summary>
internal sealed class ComposeListVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private static readonly Column[] s_columns = [new("NAME", "Name"), new("STATUS", "Status"), new("CONFIG FILES", "ConfigFiles")];

    private readonly BoolFlag _all = new("all", 'a', "Those whose containers all ended too");
    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["compose ls -a"];

    public override Flag[] Flags => [_all, .. _list.All(truncates: false)];

    public override int MaximumArguments => 0;

    public override CompletionSource Completes => CompletionSource.Nothing;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var rows = session.State.List(null).GroupBy(item => StateReader.Label(item, ComposeLabels.Project)).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (Name: group.Key, Files: StateReader.Label(group.First(), ComposeLabels.Files), States: group.Select(item => StateReader.Container(item).State).GroupBy(state => state).OrderBy(states => states.Key, StringComparer.Ordinal).ToList()))
            .Where(project => _all.Value || project.States.Any(states => states.Key is "running" or "paused" or "restarting"))
            .Select(project => new Row
            {
                ["Name"] = project.Name,
                ["Status"] = string.Join(", ", project.States.Select(states => $"{states.Key}({states.Count()})")),
                ["ConfigFiles"] = project.Files,
            }).ToList();
        _list.Print(session.Context, s_columns, "Name", rows);
        return 0;
    }
}
