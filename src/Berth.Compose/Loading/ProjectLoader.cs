using Berth.Compose.Model;
using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>From the words of the command line to a checked project.</summary>
public static class ProjectLoader
{
    /// <summary>Whether there are files at all; a project that runs can be ended without them.</summary>
    public static bool HasFiles(ProjectSource source) => ProjectFiles.Find(source).Count > 0;

    /// <summary>Loads the project that <paramref name="source"/> means.</summary>
    /// <exception cref="ComposeException">There is none, or it is wrong.</exception>
    public static Project Load(ProjectSource source)
    {
        var files = ProjectFiles.Find(source);
        if (files.Count == 0)
        {
            throw new ComposeException("there is no compose.yaml here or above; name a file with -f");
        }
        var directory = Path.GetFullPath(source.Directory ?? (files[0] == "-" ? "." : Path.GetDirectoryName(files[0])!), source.WorkingDirectory);
        var variables = Variables.Load(source.Environment, [.. source.EnvFiles.Select(file => Path.GetFullPath(file, source.WorkingDirectory))], directory);
        TreeLoader loader = new(source);
        // Files may use the name as a variable, and may give it: it is found before they are read in earnest.
        var name = ProjectName.Given(source, variables) ?? loader.FindName(files, variables) ?? ProjectName.FromDirectory(directory);
        variables.Default("COMPOSE_PROJECT_NAME", name);
        var tree = (MappingNode)Merging.Strip(loader.Load(files, directory, variables));
        if (tree["services"] is MappingNode services)
        {
            tree = tree.With("services", services.Select((_, service) => service is MappingNode map ? ResolvedEnvironment.Apply(map, variables) : service));
        }
        var profiles = source.Profiles.Count > 0 ? source.Profiles : variables["COMPOSE_PROFILES"]?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        ProjectReader reader = new(name, directory, files, variables);
        return reader.Read(tree, profiles, source.Targets);
    }
}
