using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>Puts the contents of env files and label files into a service, and gives variables without value that of the project.</summary>
internal static class ResolvedEnvironment
{
    /// <summary>The service with everything its containers get in <c>environment</c> and <c>labels</c>.</summary>
    public static MappingNode Apply(MappingNode service, Variables variables)
    {
        service = Merge(service, "environment", EnvFiles(service, variables));
        if (service["environment"] is MappingNode environment)
        {
            service = service.With("environment", environment.Select((name, value) => Expect.IsNull(value) && variables[name] is { } known ? new ScalarNode(value.Mark, known) : value));
        }
        service = Merge(service, "labels", LabelFiles(service));
        return service.Without("env_file", "label_file");
    }

    private static MappingNode Merge(MappingNode service, string key, MappingNode below) => below.Count == 0 ? service
        : service[key] is MappingNode own ? service.With(key, Merging.Merge(below, own))
        : service.With(key, below);

    private static MappingNode EnvFiles(MappingNode service, Variables variables)
    {
        OrderedDictionary<string, MappingNode.Entry> all = [];
        if (service["env_file"] is not SequenceNode files)
        {
            return new MappingNode(service.Mark, all);
        }
        foreach (var item in files.Items)
        {
            Model.Fields entry = new(Expect.Mapping(item, "env_file"), "env_file");
            var path = entry.Text("path") ?? throw new ComposeException(item.Mark, "env_file has no path");
            var required = entry.Flag("required") ?? true;
            var raw = entry.OneOf("format", "raw") is not null;
            entry.End();
            if (!required && !File.Exists(path))
            {
                continue;
            }
            var text = Read(item.Mark, path);
            foreach (var (name, value) in raw ? EnvFile.ParseRaw(text) : EnvFile.Parse(path, text, name => variables[name] ?? (all.TryGetValue(name, out var known) ? (known.Value as ScalarNode)?.Text : null)))
            {
                all[name] = new MappingNode.Entry(value is null ? ScalarNode.Null(item.Mark) : new ScalarNode(item.Mark, value), item.Mark);
            }
        }
        return new MappingNode(service.Mark, all);
    }

    private static MappingNode LabelFiles(MappingNode service)
    {
        OrderedDictionary<string, MappingNode.Entry> all = [];
        foreach (var item in (service["label_file"] as SequenceNode)?.Items ?? [])
        {
            foreach (var (name, value) in EnvFile.ParseRaw(Read(item.Mark, Expect.Text(item, "label_file"))))
            {
                all[name] = new MappingNode.Entry(new ScalarNode(item.Mark, value ?? ""), item.Mark);
            }
        }
        return new MappingNode(service.Mark, all);
    }

    private static string Read(Mark mark, string path)
    {
        try
        {
            return BoundedFile.ReadText(path, EnvFile.MaximumFile);
        }
        catch (ComposeException e)
        {
            throw new ComposeException(mark, e.Message);
        }
    }
}
