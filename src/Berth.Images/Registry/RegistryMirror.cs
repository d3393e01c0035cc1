namespace Berth.Images.Registry;

/// <summary>Another place with the images of a registry.</summary>
/// <param name="Domain">The registry it mirrors, such as <c>docker.io</c>.</param>
/// <param name="Address">Its address, without a path.</param>
public sealed record RegistryMirror(string Domain, Uri Address)
{
    /// <summary>Reads <c>[DOMAIN=]URL</c>; without a domain it mirrors docker.io.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static RegistryMirror Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string domain = equals < 0 ? "docker.io" : text[..equals];
        string url = text[(equals + 1)..];
        return Uri.TryCreate(url, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" && address.AbsolutePath == "/"
            && address.UserInfo.Length == 0 && address.Query.Length == 0 && domain.Length > 0
            ? new RegistryMirror(domain, address)
            : throw new FormatException($"\"{text}\" is no mirror: expected [DOMAIN=]http[s]://HOST[:PORT], such as docker.io=https://mirror.example.org");
    }
}
