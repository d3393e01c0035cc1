namespace Berth.Compose.Loading;

/// <summary>Finds the files of a project.</summary>
internal static class ProjectFiles
{
    private static readonly string[] s_names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
    private static readonly string[] s_overrides = ["compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml"];

    /// <summary>Absolute names of the files, in the order they are merged; empty when there are none.</summary>
    public static IReadOnlyList<string> Find(ProjectSource source)
    {
        if (source.Files.Count > 0)
        {
            return [.. source.Files.Select(file => Resolve(file, source.WorkingDirectory))];
        }
        if (Setting(source, "COMPOSE_FILE") is { Length: > 0 } text)
        {
            var separator = Setting(source, "COMPOSE_PATH_SEPARATOR") is { Length: > 0 } other ? other : ":";
            return [.. text.Split(separator, StringSplitOptions.RemoveEmptyEntries).Select(file => Resolve(file, source.Directory is null ? source.WorkingDirectory : Path.GetFullPath(source.Directory, source.WorkingDirectory)))];
        }
        for (var directory = Path.GetFullPath(source.Directory ?? ".", source.WorkingDirectory); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (First(directory, s_names) is { } file)
            {
                return First(directory, s_overrides) is { } over ? [file, over] : [file];
            }
        }
        return [];
    }

    /// <summary>A COMPOSE_… variable, from the environment or the working directory's <c>.env</c>.</summary>
    public static string? Setting(ProjectSource source, string name) =>
        Variables.Load(source.Environment, source.EnvFiles, Path.GetFullPath(source.Directory ?? ".", source.WorkingDirectory))[name];

    private static string? First(string directory, string[] names) => names.Select(name => Path.Combine(directory, name)).FirstOrDefault(File.Exists);

    private static string Resolve(string file, string directory) => file == "-" ? file : Path.GetFullPath(file, directory);
}
