using System.Net;

namespace Berth.Images.Registry;

/// <summary>Checks credentials against the registry they are for.</summary>
public static class RegistryLogin
{
    private const string DockerHubAddress = "https://index.docker.io/v1/";

    /// <summary>Asks the registry whether it takes these credentials.</summary>
    /// <exception cref="ImageException">It does not, or cannot be reached.</exception>
    public static async Task CheckAsync(RegistryCredentials credentials, RegistryConfig config, TimeProvider time, CancellationToken cancellation)
    {
        string domain = DomainOf(credentials.ServerAddress);
        using RegistrySession session = await RegistrySession.OpenAsync(RegistryEndpoint.Of(domain, config, withMirrors: false), config, credentials, time, cancellation);
        using HttpResponseMessage response = await session.SendAsync(() => session.Request(HttpMethod.Get, "/v2/"), "", cancellation);
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw new ImageException(ImageErrorCode.Unauthorized, $"{domain} refuses this user name and password");
        }
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw await RegistryErrors.FromAsync(response, session.Endpoint, "a login", cancellation);
        }
    }

    /// <summary>The registry's domain in an address as clients write it: with scheme and path, or without; none is docker.io.</summary>
    /// <exception cref="ImageException">It is no address.</exception>
    public static string DomainOf(string serverAddress)
    {
        if (serverAddress.Length == 0 || serverAddress == DockerHubAddress)
        {
            return "docker.io";
        }
        string text = serverAddress.Contains("://", StringComparison.Ordinal) ? serverAddress[(serverAddress.IndexOf("://", StringComparison.Ordinal) + 3)..] : serverAddress;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string domain = slash < 0 ? text : text[..slash];
        return Uri.TryCreate($"https://{domain}", UriKind.Absolute, out Uri? address) && address.UserInfo.Length == 0 && address.PathAndQuery == "/"
            ? domain is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : domain
            : throw new ImageException(ImageErrorCode.InvalidParameter, $"\"{ImageException.Printable(serverAddress)}\" is no registry: expected HOST[:PORT]");
    }
}
