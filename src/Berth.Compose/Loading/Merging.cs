using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>Merges trees in canonical form: a file over the ones before it, a service over the one it extends ([COMPOSE] "Merge and override").</summary>
internal static class Merging
{
    /// <summary><paramref name="over"/> on top of <paramref name="below"/>; <paramref name="path"/> is where both stand, as <c>services.*.ports</c>.</summary>
    public static Node Merge(Node below, Node over, string path = "")
    {
        if (over.Tag != MergeTag.None || below.Tag == MergeTag.Reset || Expect.IsNull(below))
        {
            return over;
        }
        switch (below, over)
        {
            case (MappingNode first, MappingNode second):
                return MergeMappings(first, second, path);
            case (SequenceNode first, SequenceNode second):
                return MergeLists(first, second, path);
            case (ScalarNode, ScalarNode):
                return over;
            case (_, ScalarNode { IsNull: true }):
                return below;
            case (MappingNode or ScalarNode, MappingNode or ScalarNode) when path.StartsWith("services.*.ulimits.", StringComparison.Ordinal) || path is "services.*.networks.*":
                return over;
            default:
                throw new ComposeException(over.Mark, $"{over.Kind} cannot be merged over {below.Kind} at {below.Mark}; write !override to replace it");
        }
    }

    /// <summary>The tree without what <c>!reset</c> removed.</summary>
    public static Node Strip(Node node) => node switch
    {
        MappingNode mapping => new MappingNode(mapping.Mark, new(mapping.Select((_, value) => value.Tag == MergeTag.Reset ? null : Strip(value)).Entries)),
        SequenceNode list => new SequenceNode(list.Mark, [.. list.Items.Where(item => item.Tag != MergeTag.Reset).Select(Strip)]),
        _ => node,
    };

    private static MappingNode MergeMappings(MappingNode below, MappingNode over, string path)
    {
        // Options of one logging driver mean nothing to another.
        if (path == "services.*.logging" && over["driver"] is ScalarNode driver && below["driver"] is ScalarNode other && driver.Text != other.Text)
        {
            return over;
        }
        OrderedDictionary<string, MappingNode.Entry> merged = new(below.Entries);
        foreach (var (key, entry) in over.Entries)
        {
            merged[key] = merged.TryGetValue(key, out var existing) ? entry with { Value = Merge(existing.Value, entry.Value, Below(path, key)) } : entry;
        }
        return new MappingNode(below.Mark, merged, below.Tag);
    }

    private static string Below(string path, string key) => path switch
    {
        "" => key,
        "services" or "networks" or "volumes" or "secrets" or "configs" or "services.*.networks" => $"{path}.*",
        _ => $"{path}.{key}",
    };

    private static SequenceNode MergeLists(SequenceNode below, SequenceNode over, string path)
    {
        if (path is "services.*.command" or "services.*.entrypoint" or "services.*.healthcheck.test")
        {
            return over;
        }
        var keyOf = KeyOf(path);
        OrderedDictionary<string, Node> merged = [];
        foreach (var item in below.Items.Concat(over.Items))
        {
            var key = keyOf(item);
            merged[key] = merged.TryGetValue(key, out var existing) && item is MappingNode ? Merge(existing, item, $"{path}[]") : item;
        }
        return new SequenceNode(below.Mark, [.. merged.Values], below.Tag);
    }

    private static Func<Node, string> KeyOf(string path) => path switch
    {
        "services.*.ports" => item => $"{Field(item, "host_ip")} {Field(item, "target")} {Field(item, "published")} {Field(item, "protocol", "tcp")}",
        "services.*.volumes" or "services.*.devices" => item => Field(item, "target"),
        "services.*.secrets" => item => Target(item, "/run/secrets/"),
        "services.*.configs" => item => Target(item, "/"),
        "services.*.env_file" => item => Field(item, "path"),
        _ => Whole,
    };

    private static string Target(Node item, string folder)
    {
        var target = Field(item, "target", Field(item, "source"));
        return target.StartsWith('/') ? target : folder + target;
    }

    private static string Field(Node item, string name, string otherwise = "") => (item as MappingNode)?[name] is ScalarNode scalar ? scalar.Text : otherwise;

    private static string Whole(Node item) => NodeJson.ToJson(item)?.ToJsonString() ?? "null";
}
