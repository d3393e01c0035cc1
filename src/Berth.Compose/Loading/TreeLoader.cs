using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>
/// Loads files into one tree in canonical form: each is read, its variables replaced, its short forms written out, <c>extends</c> and
/// <c>include</c> followed, and then merged over the ones before it. The number of files and the depth of references are bounded.
/// </summary>
internal sealed class TreeLoader(ProjectSource source)
{
    private const int MaximumFiles = 256;
    private const int MaximumDepth = 16;

    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);
    private int _files;

    /// <summary>Loads <paramref name="files"/> of one project directory.</summary>
    public MappingNode Load(IReadOnlyList<string> files, string directory, Variables variables, int depth = 0)
    {
        Node? tree = null;
        foreach (var file in files)
        {
            foreach (var document in ReadDocuments(file, directory, variables))
            {
                var extended = ResolveExtends(document, file, directory, variables, depth);
                var included = ResolveIncludes(extended, variables, depth);
                tree = tree is null ? included : Merging.Merge(tree, included);
            }
        }
        return tree is null ? throw new ComposeException($"{string.Join(", ", files)}: empty") : (MappingNode)tree;
    }

    /// <summary>The name that the last of <paramref name="files"/> gives that has one, or null.</summary>
    public string? FindName(IReadOnlyList<string> files, Variables variables)
    {
        string? name = null;
        foreach (var document in files.SelectMany(file => YamlReader.Read(file, ReadText(file))))
        {
            if ((document as MappingNode)?["name"] is ScalarNode { IsNull: false } written)
            {
                name = ProjectName.Checked(((ScalarNode)new TreeInterpolation(variables, WarnOnce).Apply(written)).Text, written.Mark);
            }
        }
        return name;
    }

    private string ReadText(string file) => file == "-" ? source.ReadInput() : BoundedFile.ReadText(file, YamlReader.MaximumFile);

    private List<MappingNode> ReadDocuments(string file, string directory, Variables variables)
    {
        if (++_files > MaximumFiles)
        {
            throw new ComposeException($"{file}: the project refers to more than {MaximumFiles} files");
        }
        TreeInterpolation interpolation = new(variables, WarnOnce);
        List<MappingNode> documents = [];
        foreach (var node in YamlReader.Read(file, ReadText(file)))
        {
            if (!Expect.IsNull(node))
            {
                documents.Add(new CanonicalForm(directory).Apply(Expect.Mapping(interpolation.Apply(node), "the file")));
            }
        }
        return documents;
    }

    private void WarnOnce(string message)
    {
        if (_warned.Add(message))
        {
            source.Warn(message);
        }
    }

    private MappingNode ResolveExtends(MappingNode document, string file, string directory, Variables variables, int depth)
    {
        if (document["services"] is not MappingNode services)
        {
            return document;
        }
        return document.With("services", services.Select((name, service) => service is MappingNode map ? Extend(map, services, $"{file} {name}", directory, variables, [name], depth) : service));
    }

    private MappingNode Extend(MappingNode service, MappingNode siblings, string place, string directory, Variables variables, IReadOnlyList<string> chain, int depth)
    {
        if (service["extends"] is not MappingNode extends || Expect.IsNull(extends))
        {
            return service;
        }
        if (depth > MaximumDepth || chain.Count > MaximumDepth)
        {
            throw new ComposeException(extends.Mark, $"services extend one another more than {MaximumDepth} times");
        }
        foreach (var key in extends.Keys.Where(key => key is not ("service" or "file")))
        {
            throw new ComposeException(extends.MarkOf(key), $"unknown attribute \"{key}\" of extends: service and file are known");
        }
        var name = Expect.Text(extends["service"] ?? throw new ComposeException(extends.Mark, "extends does not say which service"), "extends.service");
        MappingNode below;
        if (extends["file"] is { } reference && !Expect.IsNull(reference))
        {
            var file = Expect.Text(reference, "extends.file");
            var folder = Path.GetDirectoryName(file)!;
            Node? tree = null;
            foreach (var document in ReadDocuments(file, folder, variables))
            {
                tree = tree is null ? document : Merging.Merge(tree, document);
            }
            var others = (tree as MappingNode)?["services"] as MappingNode ?? MappingNode.Empty(extends.Mark);
            below = Extend(Find(others, name, extends, file), others, $"{file} {name}", folder, variables, [name], depth + 1);
        }
        else
        {
            if (chain.Contains(name))
            {
                throw new ComposeException(extends.Mark, $"services extend one another in a circle: {string.Join(", ", chain)}, {name}");
            }
            below = Extend(Find(siblings, name, extends, place), siblings, place, directory, variables, [.. chain, name], depth);
        }
        return (MappingNode)Merging.Merge(below, service.Without("extends"), "services.*");
    }

    private static MappingNode Find(MappingNode services, string name, MappingNode extends, string place) =>
        services[name] as MappingNode ?? throw new ComposeException(extends.Mark, $"there is no service \"{name}\" in {place.Split(' ')[0]}{Spelling.Hint(name, services.Keys)}");

    private MappingNode ResolveIncludes(MappingNode document, Variables variables, int depth)
    {
        if (document["include"] is not SequenceNode includes)
        {
            return document;
        }
        if (depth > MaximumDepth)
        {
            throw new ComposeException(includes.Mark, $"files include one another more than {MaximumDepth} times");
        }
        var own = document.Without("include");
        Node? all = null;
        foreach (var item in includes.Items)
        {
            var include = (MappingNode)item;
            foreach (var key in include.Keys.Where(key => key is not ("path" or "env_file" or "project_directory")))
            {
                throw new ComposeException(include.MarkOf(key), $"unknown attribute \"{key}\" of include: path, env_file and project_directory are known");
            }
            var paths = Texts(include["path"], "include.path");
            if (paths.Count == 0)
            {
                throw new ComposeException(include.Mark, "include does not say which file");
            }
            var directory = include["project_directory"] is ScalarNode { IsNull: false } given ? given.Text : Path.GetDirectoryName(paths[0])!;
            // The including project's variables win over the included one's own files.
            var inner = Variables.Load(name => variables[name], Texts(include["env_file"], "include.env_file"), directory);
            var tree = Load(paths, directory, inner, depth + 1).Without("name", "version");
            foreach (var (section, key, mark) in Conflicts(all as MappingNode, tree).Concat(Conflicts(own, tree)))
            {
                throw new ComposeException(mark, $"{section}.{key} is defined here and in what is included from {paths[0]}");
            }
            all = all is null ? tree : Merging.Merge(all, tree);
        }
        return all is null ? own : (MappingNode)Merging.Merge(all, own);
    }

    private static List<string> Texts(Node? node, string what) =>
        node is SequenceNode list ? [.. list.Items.Select(item => Expect.Text(item, what))] : [];

    private static IEnumerable<(string Section, string Key, Mark Mark)> Conflicts(MappingNode? own, MappingNode included)
    {
        foreach (var section in (string[])["services", "networks", "volumes", "secrets", "configs"])
        {
            if (own?[section] is MappingNode mine && included[section] is MappingNode theirs)
            {
                foreach (var key in mine.Keys.Where(key => theirs[key] is { } other && !Same(mine[key]!, other)))
                {
                    yield return (section, key, mine.MarkOf(key));
                }
            }
        }
    }

    private static bool Same(Node a, Node b) => NodeJson.ToJson(a, sorted: true)?.ToJsonString() == NodeJson.ToJson(b, sorted: true)?.ToJsonString();
}
