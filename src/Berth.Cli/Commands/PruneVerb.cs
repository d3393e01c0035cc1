using Berth.Cli.CommandLine;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary><c>berth container|image|volume|network|builder prune</c>.</summary>
internal sealed class PruneVerb(PruneTarget target) : Verb
{
    private readonly BoolFlag _force = new("force", 'f', "Do not ask");
    private readonly BoolFlag _all = new("all", 'a', target switch
    {
        PruneTarget.Images => "Every image no container uses, not only unnamed ones",
        PruneTarget.Builds => "For compatibility: all of it goes anyway",
        _ => "Named volumes too",
    });
    private readonly ListFlag _filter = new("filter", "NAME=VALUE", "Only matching ones: until, label");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => [target == PruneTarget.Builds ? "builder prune -f" : $"{target.ToString().ToLowerInvariant()[..^1]} prune -f"];

    public override Flag[] Flags => target is PruneTarget.Containers or PruneTarget.Networks ? [_force, _filter] : [_force, _all, _filter];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (!_force.Value && !Confirmation.Ask(context, Warning()))
        {
            return 1;
        }
        var freed = Pruning.Prune(context, target, _all.Value, _filter.Values);
        if (target == PruneTarget.Networks)
        {
            return 0;
        }
        context.Out.WriteLine($"Total reclaimed space: {ByteText.Decimal(freed, 4)}");
        return 0;
    }

    private string Warning() => target switch
    {
        PruneTarget.Containers => "This will remove all stopped containers.",
        PruneTarget.Networks => "This will remove all networks no container uses.",
        PruneTarget.Builds => "This will remove all build cache.",
        PruneTarget.Images when _all.Value => "This will remove all images without a container.",
        PruneTarget.Images => "This will remove all unnamed images.",
        _ when _all.Value => "This will remove all volumes no container uses.",
        _ => "This will remove anonymous volumes no container uses.",
    };
}
