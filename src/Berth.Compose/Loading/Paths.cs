namespace Berth.Compose.Loading;

/// <summary>Paths of the host as projects write them.</summary>
internal static class Paths
{
    /// <summary>The absolute path; <c>~</c> is the user's home.</summary>
    public static string Absolute(string path, string directory) =>
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? Environment.GetEnvironmentVariable("HOME") + path[1..]
            : Path.GetFullPath(path, directory);

    /// <summary>True for what a build fetches by itself: a URL or a repository.</summary>
    public static bool IsRemote(string context) =>
        context.Contains("://", StringComparison.Ordinal) || context.StartsWith("git@", StringComparison.Ordinal) || context.StartsWith("github.com/", StringComparison.Ordinal);
}
