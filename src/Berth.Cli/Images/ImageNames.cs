namespace Berth.Cli.Images;

/// <summary>Splits image names for API calls that want repository and tag apart.</summary>
internal static class ImageNames
{
    /// <summary>Repository and tag; the tag is null when there is none. A colon before a slash belongs to a registry's port.</summary>
    public static (string Repository, string? Tag) Split(string name)
    {
        var at = name.LastIndexOf(':');
        return at > 0 && name.IndexOf('/', at) < 0 ? (name[..at], name[(at + 1)..]) : (name, null);
    }

    /// <summary>The name as a path: slashes and colons stay, as docker sends them.</summary>
    public static string Path(string name) => $"/images/{Api.Query.Escape(name, "/:@")}";
}
