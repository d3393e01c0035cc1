using System.Net;

namespace Berth.Images.Registry;

/// <summary>An address that may serve a repository.</summary>
/// <param name="Domain">The registry as references name it; certificates and credentials go by it.</param>
/// <param name="Address">Scheme, host and port.</param>
/// <param name="IsInsecure">Certificates are not checked, and plain HTTP will do.</param>
/// <param name="IsMirror">It mirrors the registry: pulls only, and it sees no credentials.</param>
internal sealed record RegistryEndpoint(string Domain, Uri Address, bool IsInsecure, bool IsMirror)
{
    private const string DockerHub = "docker.io";
    private const string DockerHubHost = "registry-1.docker.io";

    /// <summary>Whether the host is this machine.</summary>
    public bool IsLoopback => IsLoopbackHost(Address.Host);

    /// <summary>Whether <paramref name="other"/> is the same scheme, host and port: only there do credentials go.</summary>
    public bool IsSameOrigin(Uri other) =>
        other.Scheme == Address.Scheme && other.Port == Address.Port && string.Equals(other.IdnHost, Address.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>Where to look for a repository of <paramref name="domain"/>, in order.</summary>
    public static IReadOnlyList<RegistryEndpoint> Of(string domain, RegistryConfig config, bool withMirrors)
    {
        var all = new List<RegistryEndpoint>();
        if (withMirrors)
        {
            foreach (RegistryMirror mirror in config.Mirrors.Where(mirror => mirror.Domain == domain))
            {
                all.Add(new RegistryEndpoint(domain, mirror.Address, mirror.Address.Scheme == "http" || IsNamedInsecure(mirror.Address.Authority, mirror.Address.Host, config), IsMirror: true));
            }
        }
        string host = domain == DockerHub ? DockerHubHost : domain;
        var secure = new Uri($"https://{host}");
        bool insecure = IsNamedInsecure(host, secure.Host, config);
        all.Add(new RegistryEndpoint(domain, secure, insecure, IsMirror: false));
        if (insecure)
        {
            all.Add(new RegistryEndpoint(domain, new Uri($"http://{host}"), insecure, IsMirror: false));
        }
        return all;
    }

    // A name is never resolved for this: what it points to is not the user's word.
    private static bool IsNamedInsecure(string authority, string host, RegistryConfig config) => IsLoopbackHost(host) || config.Insecure.Any(named =>
        string.Equals(named, authority, StringComparison.OrdinalIgnoreCase)
        || (named.Contains('/', StringComparison.Ordinal) && IPNetwork.TryParse(named, out IPNetwork network)
            && IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && network.Contains(address)));

    private static bool IsLoopbackHost(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
