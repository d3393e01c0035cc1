namespace Berth.Compose.Loading;

/// <summary>The variables a project is interpolated with: those of the environment first, then those of env files, the last file winning.</summary>
public sealed class Variables
{
    private readonly Func<string, string?> _environment;
    private readonly Dictionary<string, string> _fromFiles = new(StringComparer.Ordinal);

    private Variables(Func<string, string?> environment) => _environment = environment;

    /// <summary>The value, or null when it is not set.</summary>
    public string? this[string name] => _environment(name) ?? _fromFiles.GetValueOrDefault(name);

    /// <summary>Gives a variable a value unless it has one.</summary>
    public void Default(string name, string value) => _fromFiles.TryAdd(name, value);

    /// <summary>Reads <paramref name="files"/>; without any, <c>.env</c> in <paramref name="directory"/> if it is there.</summary>
    public static Variables Load(Func<string, string?> environment, IReadOnlyList<string> files, string directory)
    {
        Variables variables = new(environment);
        var standard = Path.Combine(directory, ".env");
        foreach (var file in files.Count > 0 ? files.Select(file => Path.GetFullPath(file, directory)) : File.Exists(standard) ? [standard] : [])
        {
            foreach (var (name, value) in EnvFile.Parse(file, BoundedFile.ReadText(file, EnvFile.MaximumFile), name => variables[name]))
            {
                if (value is not null)
                {
                    variables._fromFiles[name] = value;
                }
            }
        }
        return variables;
    }
}
