using Berth.Cli.Commands;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose top</c>.</summary>
internal sealed class ComposeTopVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    public override string Usage => "[SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose top", "compose top web"];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny(arguments);
        foreach (var container in session.Containers(name, arguments).Where(one => one.IsRunning))
        {
            session.Context.Out.WriteLine(container.Name);
            _ = Delegate(session, new TopVerb(), [container.Id]);
            session.Context.Out.WriteLine();
        }
        return 0;
    }
}
