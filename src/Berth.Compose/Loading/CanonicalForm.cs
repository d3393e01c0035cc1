using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>
/// Gives every attribute that may be written in several ways its one form, so that files can be merged attribute by attribute:
/// lists of <c>name=value</c> become mappings, short forms long ones, relative paths absolute.
/// </summary>
internal sealed class CanonicalForm(string directory)
{
    /// <summary>One file's document.</summary>
    public MappingNode Apply(MappingNode document) => document.Select((key, value) => (key, Expect.IsNull(value)) switch
    {
        (_, true) => value.Tag == MergeTag.None && !key.StartsWith("x-", StringComparison.Ordinal) ? null : value,
        ("services", _) => Expect.Mapping(value, "services").Select((name, service) => Expect.IsNull(service) ? service : Service(Expect.Mapping(service, $"service {name}"))),
        ("networks" or "volumes", _) => Expect.Mapping(value, key).Select((_, resource) => resource is MappingNode map ? Resource(map) : resource),
        ("secrets" or "configs", _) => Expect.Mapping(value, key).Select((_, resource) => resource is MappingNode map ? FileResource(map) : resource),
        ("include", _) => Include(value),
        _ => value,
    });

    /// <summary>One service.</summary>
    public MappingNode Service(MappingNode service) => service.Select((key, value) => Expect.IsNull(value) ? value : Attribute(key, value));

    private Node Attribute(string key, Node value) => key switch
    {
        "environment" or "labels" or "annotations" or "sysctls" => Pairs(value, key),
        "dns" or "dns_search" or "tmpfs" or "profiles" or "expose" => OneOrMany(value),
        "label_file" => Each(OneOrMany(value), AbsoluteText),
        "env_file" => Each(OneOrMany(value), EnvFileEntry),
        "command" or "entrypoint" => value is ScalarNode text ? new SequenceNode(value.Mark, [.. Words.Split(text.Mark, text.Text).Select(word => new ScalarNode(text.Mark, word))], value.Tag) : value,
        "depends_on" => value is SequenceNode ? Keys(value, key, mark => ShortForms.Build(mark, ("condition", "service_started"))) : value,
        "networks" or "models" => value is SequenceNode ? Keys(value, key, ScalarNode.Null) : value,
        "build" => Build(value is ScalarNode context ? ShortForms.Build(value.Mark, ("context", context.Text)) : Expect.Mapping(value, key)),
        "extends" => Extends(value is ScalarNode name ? ShortForms.Build(value.Mark, ("service", name.Text)) : Expect.Mapping(value, key)),
        "ports" => Ports(Expect.List(value, key)),
        "volumes" => Each(Expect.List(value, key), item => item is ScalarNode text ? ShortForms.Volume(text, directory) : LongVolume(Expect.Mapping(item, "a volume"))),
        "secrets" or "configs" => Each(Expect.List(value, key), item => item is ScalarNode text ? ShortForms.Build(item.Mark, ("source", text.Text)) : item),
        "devices" => Each(Expect.List(value, key), item => item is ScalarNode text ? ShortForms.Device(text) : item),
        "extra_hosts" => ExtraHosts(value),
        "deploy" => Expect.Mapping(value, key).Select((name, part) => name == "labels" && !Expect.IsNull(part) ? Pairs(part, "deploy.labels") : part),
        "healthcheck" => Expect.Mapping(value, key).Select((name, part) => name == "test" && part is ScalarNode { IsNull: false } test
            ? new SequenceNode(part.Mark, [new ScalarNode(part.Mark, "CMD-SHELL"), test], part.Tag)
            : part),
        _ => value,
    };

    private static MappingNode Pairs(Node value, string what)
    {
        if (value is not SequenceNode list)
        {
            return Expect.Mapping(value, what);
        }
        OrderedDictionary<string, MappingNode.Entry> entries = [];
        foreach (var item in list.Items)
        {
            var text = Expect.Scalar(item, what);
            var parts = text.Text.Split('=', 2);
            if (parts[0].Length == 0)
            {
                throw new ComposeException(text.Mark, $"\"{text.Text}\" in {what} has no name before =");
            }
            entries[parts[0]] = new MappingNode.Entry(parts.Length > 1 ? new ScalarNode(text.Mark, parts[1]) : ScalarNode.Null(text.Mark), text.Mark);
        }
        return new MappingNode(value.Mark, entries, value.Tag);
    }

    private static SequenceNode OneOrMany(Node value) => value as SequenceNode ?? new SequenceNode(value.Mark, [value], value.Tag);

    private static SequenceNode Each(SequenceNode list, Func<Node, Node> convert) => new(list.Mark, [.. list.Items.Select(convert)], list.Tag);

    private static MappingNode Keys(Node value, string what, Func<Mark, Node> make)
    {
        OrderedDictionary<string, MappingNode.Entry> entries = [];
        foreach (var item in ((SequenceNode)value).Items)
        {
            entries[Expect.Text(item, what)] = new MappingNode.Entry(make(item.Mark), item.Mark);
        }
        return new MappingNode(value.Mark, entries, value.Tag);
    }

    private static SequenceNode Ports(SequenceNode list) => new(list.Mark, [.. list.Items.SelectMany(item => item is ScalarNode text ? ShortForms.Ports(text) : [item])], list.Tag);

    private Node AbsoluteText(Node node) => node is ScalarNode { IsNull: false, Text.Length: > 0 } text ? new ScalarNode(node.Mark, Paths.Absolute(text.Text, directory), tag: node.Tag) : node;

    private MappingNode AbsoluteEntries(MappingNode map, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (map[key] is { } value)
            {
                map = map.With(key, AbsoluteText(value));
            }
        }
        return map;
    }

    private Node EnvFileEntry(Node item) => item is ScalarNode text
        ? ShortForms.Build(item.Mark, ("path", Paths.Absolute(text.Text, directory)))
        : AbsoluteEntries(Expect.Mapping(item, "env_file"), "path");

    private MappingNode LongVolume(MappingNode volume) =>
        (volume["type"] as ScalarNode)?.Text == "bind" ? AbsoluteEntries(volume, "source") : volume;

    private MappingNode Extends(MappingNode extends) => AbsoluteEntries(extends, "file");

    private MappingNode Build(MappingNode build)
    {
        foreach (var key in (ReadOnlySpan<string>)["args", "labels", "additional_contexts"])
        {
            if (build[key] is { } pairs && !Expect.IsNull(pairs))
            {
                build = build.With(key, Pairs(pairs, $"build.{key}"));
            }
        }
        if (build["extra_hosts"] is { } hosts && !Expect.IsNull(hosts))
        {
            build = build.With("extra_hosts", ExtraHosts(hosts));
        }
        var context = build["context"] as ScalarNode;
        return context is { IsNull: false } && !Paths.IsRemote(context.Text) ? AbsoluteEntries(build, "context") : build;
    }

    // A host may have several addresses: a list keeps them all.
    private static SequenceNode ExtraHosts(Node value) => value is MappingNode map
        ? new SequenceNode(map.Mark, [.. map.Entries.SelectMany(entry => OneOrMany(entry.Value.Value).Items.Select(address => new ScalarNode(address.Mark, $"{entry.Key}={Expect.Text(address, "extra_hosts")}")))], value.Tag)
        : Each(Expect.List(value, "extra_hosts"), item =>
        {
            var text = Expect.Text(item, "extra_hosts");
            var at = text.IndexOfAny(['=', ':']);
            return at > 0 && at < text.Length - 1 ? new ScalarNode(item.Mark, $"{text[..at]}={text[(at + 1)..].TrimStart('[').TrimEnd(']')}") : throw new ComposeException(item.Mark, $"invalid host \"{text}\": write it as name=address");
        });

    private static MappingNode Resource(MappingNode map)
    {
        if (map["labels"] is { } labels && !Expect.IsNull(labels))
        {
            map = map.With("labels", Pairs(labels, "labels"));
        }
        // The form "external: { name: x }" of older files.
        return map["external"] is MappingNode external
            ? map.With("external", new ScalarNode(external.Mark, "true", plain: true)).With("name", external["name"] ?? throw new ComposeException(external.Mark, "external has no name"))
            : map;
    }

    private MappingNode FileResource(MappingNode map) => AbsoluteEntries(Resource(map), "file");

    private SequenceNode Include(Node value) => Each(Expect.List(value, "include"), item =>
    {
        var entry = item is ScalarNode text ? ShortForms.Build(item.Mark, ("path", text.Text)) : Expect.Mapping(item, "include");
        entry = entry.Select((key, part) => key is "path" or "env_file" && !Expect.IsNull(part) ? Each(OneOrMany(part), AbsoluteText) : part);
        return AbsoluteEntries(entry, "project_directory");
    });
}
