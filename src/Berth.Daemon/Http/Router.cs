namespace Berth.Daemon.Http;

/// <summary>Finds the route of a request; the first line of the table that matches wins.</summary>
internal sealed class Router(IReadOnlyList<Route> routes)
{
    // By first segment, so that a request is compared with a dozen lines and not with all.
    private readonly Dictionary<string, Route[]> _byResource = routes
        .GroupBy(route => route.Segments[0])
        .ToDictionary(group => group.Key, group => group.ToArray());

    /// <summary>Splits the request target, applies the version rule and finds the route.</summary>
    public Route Find(string method, string rawTarget, out ApiVersion version, out Dictionary<string, string> values)
    {
        string[] segments = Split(rawTarget);
        int first = 0;
        version = ApiVersion.Newest;
        if (segments.Length > 1 && ApiVersion.TryParseSegment(segments[0], out ApiVersion asked))
        {
            asked.RequireServed();
            version = asked;
            first = 1;
        }
        ReadOnlySpan<string> path = segments.AsSpan(first);
        bool otherMethod = false;
        foreach (Route route in _byResource.GetValueOrDefault(path[0], []))
        {
            if (route.TryMatch(path, out values))
            {
                if (route.Method == method)
                {
                    return route;
                }
                otherMethod = true;
            }
        }
        throw otherMethod
            ? new ApiException(405, $"{method} is not allowed on this path")
            : ApiException.NotFound("page not found");
    }

    private static string[] Split(string rawTarget)
    {
        int query = rawTarget.IndexOf('?');
        ReadOnlySpan<char> path = query < 0 ? rawTarget : rawTarget.AsSpan(0, query);
        if (path.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            int slash = path[7..].IndexOf('/');
            path = slash < 0 ? "/" : path[(7 + slash)..];
        }
        string[] segments = path.TrimStart('/').ToString().Split('/');
        for (int i = 0; i < segments.Length; i++)
        {
            segments[i] = Uri.UnescapeDataString(segments[i]);
        }
        return segments;
    }
}
