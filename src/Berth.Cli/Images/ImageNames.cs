namespace Berth.Cli.Images;

/// <summary>Splits image names for API calls that want repository and tag apart.</summary>
internal static class ImageNames
{
    /// <summary>Repository and tag, or digest in the tag's place; null when there is none. A colon before a slash belongs to a registry's port.</summary>
    public static (string Repository, string? Tag) Split(string name)
    {
        var digest = name.IndexOf('@', StringComparison.Ordinal);
        if (digest > 0)
        {
            return (Split(name[..digest]).Repository, name[(digest + 1)..]);
        }
        var at = name.LastIndexOf(':');
        return at > 0 && name.IndexOf('/', at) < 0 ? (name[..at], name[(at + 1)..]) : (name, null);
    }

    /// <summary>The name as a path: slashes and colons stay, as docker sends them.</summary>
    public static string Path(string name) => $"/images/{Api.Query.Escape(name, "/:@")}";
}
