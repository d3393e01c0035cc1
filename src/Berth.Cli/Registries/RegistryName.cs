namespace Berth.Cli.Registries;

/// <summary>How a registry is called: in image names, and in the file and helpers that hold credentials.</summary>
internal static class RegistryName
{
    /// <summary>Docker's own registry in image names.</summary>
    public const string Hub = "docker.io";

    private const string HubKey = "https://index.docker.io/v1/";

    /// <summary>The registry of an image name.</summary>
    public static string OfImage(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : image[..slash];
        return first.AsSpan().IndexOfAny('.', ':') >= 0 || first == "localhost" ? Canonical(first) : Hub;
    }

    /// <summary>The registry in an address as people write it: with scheme and path, or without; empty is docker.io.</summary>
    public static string OfAddress(string address)
    {
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        var rest = scheme < 0 ? address : address[(scheme + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        return Canonical(slash < 0 ? rest : rest[..slash]);
    }

    /// <summary>The name under which credentials for it are kept, as docker keeps them.</summary>
    public static string Key(string registry) => registry == Hub ? HubKey : registry;

    private static string Canonical(string host) => host is "" or "index.docker.io" or "registry-1.docker.io" ? Hub : host;
}
