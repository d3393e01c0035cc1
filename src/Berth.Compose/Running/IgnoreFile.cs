using System.Text;
using System.Text.RegularExpressions;

namespace Berth.Compose.Running;

/// <summary>The patterns of a <c>.dockerignore</c> ([DOCKERFILE]): the last one that matches decides, <c>!</c> takes a file back in.</summary>
internal sealed class IgnoreFile
{
    private const int MaximumFile = 1024 * 1024;

    private readonly List<(Regex Pattern, bool Exclude)> _patterns = [];

    private IgnoreFile(string text, string dockerfile)
    {
        foreach (var line in text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var exclude = line[0] != '!';
            var pattern = (exclude ? line : line[1..]).Trim().Trim('/');
            _patterns.Add((Compile(pattern), exclude));
        }
        HasExceptions = dockerfile.Contains('/', StringComparison.Ordinal) || _patterns.Any(pattern => !pattern.Exclude);
        // The builder needs both whatever the patterns say.
        foreach (var name in new[] { dockerfile, ".dockerignore" })
        {
            _patterns.Add((new Regex($"^{Regex.Escape(name)}$", RegexOptions.NonBacktracking), false));
        }
    }

    /// <summary>Whether something below a left out directory may be taken back in.</summary>
    public bool HasExceptions { get; }

    /// <summary>The patterns of a context: those beside its Dockerfile, else its own.</summary>
    public static IgnoreFile Load(string directory, string dockerfile)
    {
        var file = new[] { $"{dockerfile}.dockerignore", ".dockerignore" }.Select(name => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
        return new IgnoreFile(file is null ? "" : Loading.BoundedFile.ReadText(file, MaximumFile), dockerfile);
    }

    /// <summary>Whether a path relative to the context is left out.</summary>
    public bool Excludes(string path)
    {
        var excluded = false;
        foreach (var (pattern, exclude) in _patterns)
        {
            if (exclude != excluded && pattern.IsMatch(path))
            {
                excluded = exclude;
            }
        }
        return excluded;
    }

    private static Regex Compile(string pattern)
    {
        try
        {
            return new Regex($"^{Expression(pattern)}(/.*)?$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (ArgumentException)
        {
            throw new ComposeException($".dockerignore: \"{pattern}\" is no pattern");
        }
    }

    private static string Expression(string pattern)
    {
        StringBuilder expression = new();
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern.AsSpan(i).StartsWith("**/"))
            {
                expression.Append("(.*/)?");
                i += 2;
            }
            else if (pattern.AsSpan(i).StartsWith("**"))
            {
                expression.Append(".*");
                i++;
            }
            else
            {
                expression.Append(pattern[i] switch
                {
                    '*' => "[^/]*",
                    '?' => "[^/]",
                    '\\' when i + 1 < pattern.Length => Regex.Escape(pattern[++i].ToString()),
                    '[' when pattern.IndexOf(']', i) is > 0 and var close => Class(pattern, ref i, close),
                    var c => Regex.Escape(c.ToString()),
                });
            }
        }
        return expression.ToString();
    }

    private static string Class(string pattern, ref int i, int close)
    {
        var inner = pattern[(i + 1)..close].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal);
        i = close;
        return $"[{inner}]";
    }
}
