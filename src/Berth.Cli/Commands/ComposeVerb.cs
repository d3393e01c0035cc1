using Berth.Cli.CommandLine;
using Berth.Cli.Compose;

namespace Berth.Cli.Commands;

/// <summary><c>berth compose</c>: the flags that say which project, then a verb with flags of its own.</summary>
internal sealed class ComposeVerb : Verb
{
    private readonly ComposeFlags _flags = new();

    public override string Usage => "[OPTIONS] VERB [OPTIONS] [ARG...]";

    public override IReadOnlyList<string> Examples =>
    [
        "compose up -d",
        "compose -f compose.yaml -f prod.yaml -p shop up -d --build --wait",
        "compose logs -f --tail 20 web",
        "compose exec web sh",
        "compose down -v",
    ];

    public override Flag[] Flags => _flags.All;

    public override bool StopAtFirstArgument => true;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var name = arguments.Count > 0 ? arguments[0] : "help";
        if (Find(name) is { } verb)
        {
            return BerthCommand.Execute(context, $"compose {name}", verb, [.. arguments.Skip(1)]);
        }
        if (name is "help")
        {
            if (arguments.Count > 1 && Find(arguments[1]) is { } asked)
            {
                HelpText.WriteVerb(context, $"compose {arguments[1]}", asked);
                return 0;
            }
            HelpText.WriteVerb(context, "compose", this);
            return 0;
        }
        var near = Suggestions.Nearest(name, ComposeVerbs.All.Select(entry => entry.Path));
        context.Complain($"'{name}' is not a command of 'berth compose'.{(near.Count > 0 ? $" Did you mean: {string.Join(", ", near.Select(one => $"berth compose {one}"))}?" : "")}\nSee 'berth compose --help'.");
        return 125;
    }

    /// <summary>The verb of that name, with the project's flags, or null.</summary>
    public Verb? Find(string name) => ComposeVerbs.Create(name, _flags);

    /// <summary>Names of the project's services; none when it cannot be read.</summary>
    public IReadOnlyList<string> ServiceNames(CommandContext context)
    {
        try
        {
            using ComposeSession session = new(context, _flags) { Quiet = true };
            return [.. session.Load().Services.Keys];
        }
        catch (Berth.Compose.ComposeException)
        {
            return [];
        }
    }
}
