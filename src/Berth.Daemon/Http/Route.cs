namespace Berth.Daemon.Http;

/// <summary>Answers one call.</summary>
internal delegate Task ApiHandler(ApiCall call);

/// <summary>
/// One line of the API: a method, a path pattern and its handler. In the pattern <c>{id}</c> is one segment and <c>{name*}</c> one or
/// more segments (image names hold slashes).
/// </summary>
internal sealed record Route(string Method, string Pattern, ApiHandler Handler)
{
    /// <summary>The pattern cut at its slashes.</summary>
    public string[] Segments { get; } = Pattern.Trim('/').Split('/');

    /// <summary>True for calls that carry archives: the size limit on request bodies does not apply.</summary>
    public bool UnboundedBody { get; init; }

    /// <summary>Matches decoded path segments; on success <paramref name="values"/> holds the pattern's variables.</summary>
    public bool TryMatch(ReadOnlySpan<string> path, out Dictionary<string, string> values)
    {
        values = [];
        return Match(Segments, path, values);
    }

    private static bool Match(ReadOnlySpan<string> pattern, ReadOnlySpan<string> path, Dictionary<string, string> values)
    {
        for (; pattern.Length > 0; pattern = pattern[1..], path = path[1..])
        {
            string part = pattern[0];
            if (part.EndsWith("*}", StringComparison.Ordinal))
            {
                // The rest of the pattern is literal and of fixed length, so the name is what is left before it.
                int length = path.Length - (pattern.Length - 1);
                if (length < 1 || !Match(pattern[1..], path[length..], values))
                {
                    return false;
                }
                values[part[1..^2]] = string.Join('/', path[..length]!);
                return values[part[1..^2]].Length > 0;
            }
            if (path.Length == 0)
            {
                return false;
            }
            if (part[0] == '{')
            {
                if (path[0].Length == 0)
                {
                    return false;
                }
                values[part[1..^1]] = path[0];
            }
            else if (part != path[0])
            {
                return false;
            }
        }
        return path.Length == 0;
    }
}
