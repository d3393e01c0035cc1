using Berth.Build.Dockerfiles;

namespace Berth.Build.Ignore;

/// <summary>What of a directory is left out: a <c>.dockerignore</c>. The last pattern that matches a path, or a directory above it, decides. [DOCKERFILE] ".dockerignore file".</summary>
public sealed class IgnoreFile
{
    private readonly List<(PathPattern Pattern, string Text, bool Keeps)> _patterns = [];

    private IgnoreFile(IEnumerable<string> lines, string file)
    {
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            string text = line.Trim();
            if (text.Length == 0 || line.StartsWith('#'))
                continue;
            bool keeps = text[0] == '!';
            text = Clean(keeps ? text[1..].Trim() : text);
            if (text.Length == 0)
                throw new DockerfileException(file, number, $"illegal pattern \"{Shown.Text(line)}\"");
            if (_patterns.Count == BuildLimits.MaxPatterns)
                throw new DockerfileException(file, number, $"more than {BuildLimits.MaxPatterns} patterns");
            try
            {
                _patterns.Add((new PathPattern(text), text, keeps));
            }
            catch (FormatException e)
            {
                throw new DockerfileException(file, number, e.Message, e);
            }
        }
    }

    /// <summary>Leaves nothing out.</summary>
    public static IgnoreFile Empty { get; } = new([], "");

    /// <summary>Whether it leaves nothing out.</summary>
    public bool IsEmpty => _patterns.Count == 0;

    /// <summary>Reads a file.</summary>
    /// <exception cref="DockerfileException">It is too large, no text, or a pattern is malformed.</exception>
    public static IgnoreFile Parse(string file, ReadOnlySpan<byte> bytes) =>
        new(LineReader.Decode(file, bytes).TrimStart('\uFEFF').Split('\n').Select(static line => line.TrimEnd('\r')), file);

    /// <summary>Takes patterns as they are.</summary>
    /// <exception cref="DockerfileException">A pattern is malformed.</exception>
    public static IgnoreFile Of(IReadOnlyList<string> patterns, string file) => new(patterns, file);

    /// <summary>Whether a path (its parts joined by slashes, no slash in front) is left out.</summary>
    public bool Ignores(string path)
    {
        bool ignored = false;
        foreach ((PathPattern pattern, _, bool keeps) in _patterns)
        {
            if (ignored == keeps && MatchesOrParent(pattern, path))
                ignored = !keeps;
        }
        return ignored;
    }

    /// <summary>Whether a directory that is left out may still hold something that is not.</summary>
    public bool MayKeepBelow(string directory) => _patterns.Exists(entry =>
        entry.Keeps && (!entry.Pattern.IsLiteral || (entry.Text + "/").StartsWith(directory + "/", StringComparison.Ordinal)));

    private static bool MatchesOrParent(PathPattern pattern, string path)
    {
        if (pattern.Matches(path))
            return true;
        for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (pattern.Matches(path.AsSpan(0, slash)))
                return true;
        }
        return false;
    }

    // Go's filepath.Clean, then no slash in front; a path that leads out of the directory matches nothing in it.
    private static string Clean(string text)
    {
        var parts = new List<string>();
        foreach (string part in text.Split('/'))
        {
            if (part is "" or ".")
                continue;
            if (part == ".." && parts.Count > 0 && parts[^1] != "..")
                parts.RemoveAt(parts.Count - 1);
            else
                parts.Add(part);
        }
        return parts.Count > 0 ? string.Join('/', parts) : text.Length > 0 ? "." : "";
    }
}
