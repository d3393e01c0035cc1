using Berth.Compose.Yaml;

namespace Berth.Compose.Model;

/// <summary>A project as one file in canonical form: what <c>config</c> prints. Reading it again gives the same project.</summary>
public static class CanonicalProject
{
    private static readonly string[] s_sections = ["services", "networks", "volumes", "secrets", "configs"];

    /// <summary>The tree with the services that are chosen and active, dollar signs doubled, names of networks and volumes written out.</summary>
    public static MappingNode Write(Project project, IReadOnlySet<string> services)
    {
        var mark = project.Tree.Mark;
        OrderedDictionary<string, MappingNode.Entry> top = [];
        void Set(string key, Node value) => top[key] = new MappingNode.Entry(Escape(value), mark);

        Set("name", new ScalarNode(mark, project.Name));
        foreach (var section in s_sections)
        {
            var map = project.Tree[section] as MappingNode ?? MappingNode.Empty(mark);
            map = section switch
            {
                "services" => map.Select((name, value) => services.Contains(name) ? value is MappingNode service ? Sorted(service.Without("profiles", "extends")) : value : null),
                "networks" => Named(map, project.Networks.Values.Select(network => (network.Key, network.Name)), project.Networks.Keys.ToHashSet()),
                "volumes" => Named(map, project.Volumes.Values.Select(volume => (volume.Key, volume.Name)), null),
                _ => map,
            };
            if (map.Count > 0)
            {
                Set(section, Sorted(map));
            }
        }
        foreach (var (key, entry) in project.Tree.Entries.Where(entry => entry.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            Set(key, entry.Value);
        }
        return new MappingNode(mark, top);
    }

    private static MappingNode Named(MappingNode map, IEnumerable<(string Key, string Name)> names, HashSet<string>? used)
    {
        OrderedDictionary<string, MappingNode.Entry> all = new(map.Entries.Where(entry => used is null || used.Contains(entry.Key)));
        foreach (var (key, name) in names)
        {
            var value = all.TryGetValue(key, out var entry) && entry.Value is MappingNode existing ? existing : MappingNode.Empty(map.Mark);
            all[key] = new MappingNode.Entry(value.With("name", new ScalarNode(map.Mark, name)), map.Mark);
        }
        return new MappingNode(map.Mark, all);
    }

    private static MappingNode Sorted(MappingNode map) => new(map.Mark, new(map.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal)));

    private static Node Escape(Node node) => node switch
    {
        MappingNode map => map.Select((_, value) => Escape(value)),
        SequenceNode list => new SequenceNode(list.Mark, [.. list.Items.Select(Escape)]),
        ScalarNode scalar when scalar.Text.Contains('$', StringComparison.Ordinal) => new ScalarNode(scalar.Mark, scalar.Text.Replace("$", "$$", StringComparison.Ordinal), scalar.Plain),
        _ => node,
    };
}
