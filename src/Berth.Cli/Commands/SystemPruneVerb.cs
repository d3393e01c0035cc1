using Berth.Cli.CommandLine;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary><c>berth system prune</c>.</summary>
internal sealed class SystemPruneVerb : Verb
{
    private readonly BoolFlag _force = new("force", 'f', "Do not ask");
    private readonly BoolFlag _all = new("all", 'a', "Every image no container uses, not only unnamed ones");
    private readonly BoolFlag _volumes = new("volumes", "Anonymous volumes too");
    private readonly ListFlag _filter = new("filter", "NAME=VALUE", "Only matching ones: until, label");

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["system prune -f", "system prune -af --volumes"];

    public override Flag[] Flags => [_force, _all, _volumes, _filter];

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var warning = $"This will remove all stopped containers, all networks no container uses{(_volumes.Value ? ", anonymous volumes no container uses" : "")} all {(_all.Value ? "images without a container" : "unnamed images")} and all build cache.";
        if (!_force.Value && !Confirmation.Ask(context, warning))
        {
            return 1;
        }
        var freed = Pruning.Prune(context, PruneTarget.Containers, all: false, _filter.Values);
        Pruning.Prune(context, PruneTarget.Networks, all: false, _filter.Values);
        if (_volumes.Value)
        {
            freed += Pruning.Prune(context, PruneTarget.Volumes, all: false, _filter.Values.Where(filter => filter.StartsWith("label", StringComparison.Ordinal)));
        }
        freed += Pruning.Prune(context, PruneTarget.Images, _all.Value, _filter.Values);
        freed += Pruning.Prune(context, PruneTarget.Builds, all: false, _filter.Values.Where(filter => filter.StartsWith("until", StringComparison.Ordinal)));
        context.Out.WriteLine($"Total reclaimed space: {ByteText.Decimal(freed, 4)}");
        return 0;
    }
}
