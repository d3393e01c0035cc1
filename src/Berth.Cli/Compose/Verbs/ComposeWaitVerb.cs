using Berth.Compose;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose wait</c>: ends with the last exit code that is not 0.</summary>
internal sealed class ComposeWaitVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    public override string Usage => "SERVICE [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose wait migration"];

    public override int MinimumArguments => 1;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny([.. arguments]);
        var containers = session.Containers(name, arguments).Where(one => !one.OneOff).ToList();
        if (containers.Count == 0)
        {
            throw new ComposeException($"no containers of {string.Join(", ", arguments)}");
        }
        var code = 0;
        foreach (var container in containers)
        {
            var ended = (int)(session.Engine.Call("POST", $"/containers/{container.Id}/wait")?["StatusCode"]?.GetValue<long>() ?? 0);
            session.Context.Out.WriteLine($"{container.Name} {ended}");
            code = ended != 0 ? ended & 0xFF : code;
        }
        return code;
    }
}
