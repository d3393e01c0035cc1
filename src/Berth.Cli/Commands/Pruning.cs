using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary>One prune call and what it removed.</summary>
internal static class Pruning
{
    /// <summary>Removes, prints what was removed, and returns the bytes freed.</summary>
    public static long Prune(CommandContext context, PruneTarget target, bool all, IEnumerable<string> filters)
    {
        var (path, removed, heading) = target switch
        {
            PruneTarget.Containers => ("/containers/prune", "ContainersDeleted", "Deleted Containers:"),
            PruneTarget.Images => ("/images/prune", "ImagesDeleted", "Deleted Images:"),
            PruneTarget.Builds => ("/build/prune", "CachesDeleted", "Deleted build cache objects:"),
            PruneTarget.Networks => ("/networks/prune", "NetworksDeleted", "Deleted Networks:"),
            _ => ("/volumes/prune", "VolumesDeleted", "Deleted Volumes:"),
        };
        IEnumerable<string> extra = target switch
        {
            PruneTarget.Images => [$"dangling={(all ? "false" : "true")}"],
            PruneTarget.Volumes when all => ["all=true"],
            _ => [],
        };
        using var answer = context.Api.Post(new Query(path).Add("filters", Filters.ToJson(filters.Concat(extra))).ToString());
        if (answer is null)
        {
            return 0;
        }
        var items = answer.RootElement.Items(removed).Select(Line).ToList();
        if (items.Count > 0)
        {
            context.Out.WriteLine(heading);
            items.ForEach(context.Out.WriteLine);
            context.Out.WriteLine();
        }
        return answer.RootElement.Number("SpaceReclaimed");
    }

    private static string Line(JsonElement item) =>
        item.ValueKind == JsonValueKind.String ? item.GetString()!
        : item.Text("Untagged") is { Length: > 0 } name ? $"untagged: {name}"
        : $"deleted: {item.Text("Deleted")}";
}
