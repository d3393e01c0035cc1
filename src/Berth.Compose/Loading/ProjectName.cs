using System.Text;
using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>What a project is called.</summary>
public static class ProjectName
{
    /// <summary>The name that flag or environment give, or null.</summary>
    public static string? Given(ProjectSource source, Variables variables) =>
        source.Name is { Length: > 0 } flag ? Checked(flag, null)
        : variables["COMPOSE_PROJECT_NAME"] is { Length: > 0 } setting ? Checked(setting, null)
        : null;

    /// <summary>The name by flag or environment alone, without reading any compose file.</summary>
    public static string? Given(ProjectSource source) => Given(source, Variables.Load(source.Environment, source.EnvFiles, Path.GetFullPath(source.Directory ?? ".", source.WorkingDirectory)));

    /// <summary>The directory's name in small letters, without what a name may not hold.</summary>
    public static string FromDirectory(string directory)
    {
        StringBuilder name = new();
        foreach (var c in Path.GetFileName(directory.TrimEnd('/')).ToLowerInvariant())
        {
            if (char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || (c is '_' or '-' && name.Length > 0))
            {
                name.Append(c);
            }
        }
        return name.Length > 0 ? name.ToString() : throw new ComposeException("the directory's name gives no project name; choose one with -p");
    }

    /// <summary>The name if it is one.</summary>
    public static string Checked(string name, Mark? mark)
    {
        if (name.Length is > 0 and <= 128 && (char.IsAsciiLetterLower(name[0]) || char.IsAsciiDigit(name[0])) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-'))
        {
            return name;
        }
        var message = $"invalid project name \"{name}\": small letters, digits, - and _, beginning with a letter or digit";
        throw mark is { } place ? new ComposeException(place, message) : new ComposeException(message);
    }
}
