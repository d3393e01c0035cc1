using System.Net;
using System.Text;
using Berth.Engine.Configuration;

namespace Berth.Engine.Planning;

/// <summary>Contents of /etc/hosts and /etc/resolv.conf of an instance. See hosts(5), resolv.conf(5).</summary>
internal static class HostsFile
{
    // Stands for the host, as the instance reaches it.
    private const string HostGateway = "host-gateway";

    public static (string Name, string Address) ParseExtraHost(string line)
    {
        int split = line.IndexOf('=', StringComparison.Ordinal);
        if (split < 0)
            split = line.IndexOf(':', StringComparison.Ordinal);
        if (split <= 0)
            throw EngineException.Invalid($"HostConfig.ExtraHosts: bad format for add-host: \"{line}\": use host:address");
        string address = line[(split + 1)..].Trim('[', ']');
        string name = line[..split];
        if (!IsWord(name))
            throw EngineException.Invalid($"HostConfig.ExtraHosts: \"{name}\" is not a host name: use letters, digits, '-', '_' and '.'");
        return address == HostGateway || IsAddress(address)
            ? (name, address)
            : throw EngineException.Invalid($"HostConfig.ExtraHosts: invalid IP address in add-host: \"{address}\"");
    }

    /// <summary>What can change the meaning of a line of resolv.conf is refused.</summary>
    public static void CheckResolver(HostConfig host)
    {
        foreach (string address in host.Dns ?? [])
        {
            if (!IsAddress(address))
                throw EngineException.Invalid($"HostConfig.Dns: bad nameserver address: {address}: use an IP address");
        }
        foreach (string domain in host.DnsSearch ?? [])
        {
            if (!IsWord(domain))
                throw EngineException.Invalid($"HostConfig.DnsSearch: \"{domain}\" is not a domain: use letters, digits, '-', '_' and '.'");
        }
        foreach (string option in host.DnsOptions ?? [])
        {
            if (option.Length is 0 or > 255 || !option.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ':' or '.'))
                throw EngineException.Invalid($"HostConfig.DnsOptions: \"{option}\" is not a resolver option: use a form such as ndots:2");
        }
    }

    public static bool IsWord(string name) =>
        name.Length is > 0 and <= 255 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    // The parser takes anything after a scope's '%', line breaks too.
    private static bool IsAddress(string address) =>
        address.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or ':' or '%' or '-' or '_') && IPAddress.TryParse(address, out _);

    public static string Hosts(HostConfig host, string hostName, EtcFacts facts)
    {
        var text = new StringBuilder("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
        foreach (string line in host.ExtraHosts ?? [])
        {
            (string name, string address) = ParseExtraHost(line);
            // Without a network of its own the loopback address is the nearest to the host that there is.
            text.Append(address == HostGateway ? facts.Gateway ?? "127.0.0.1" : address).Append('\t').Append(name).Append('\n');
        }
        // Without an address on a network the loopback stands for the instance's own name.
        foreach (string address in facts.Addresses.DefaultIfEmpty("127.0.1.1"))
            text.Append(address).Append('\t').Append(hostName).Append('\n');
        return text.ToString();
    }

    /// <summary>The host's file, or one made of the options given. On a network the name server is its gateway, which asks the servers given.</summary>
    public static string ResolvConf(HostConfig host, string hostFile, EtcFacts facts)
    {
        if (facts.Gateway is null && host.Dns is not { Count: > 0 } && host.DnsSearch is not { Count: > 0 } && host.DnsOptions is not { Count: > 0 })
            return hostFile;
        var lines = new List<string>();
        lines.AddRange(facts.Gateway is { } gateway ? ["nameserver " + gateway] : host.Dns is { Count: > 0 } ? host.Dns.Select(static a => "nameserver " + a) : Keep("nameserver"));
        lines.AddRange(host.DnsSearch is { Count: > 0 } ? host.DnsSearch is ["."] ? [] : ["search " + string.Join(' ', host.DnsSearch)] : Keep("search"));
        lines.AddRange(host.DnsOptions is { Count: > 0 } ? ["options " + string.Join(' ', host.DnsOptions)] : Keep("options"));
        return string.Join('\n', lines) + "\n";

        IEnumerable<string> Keep(string keyword) => hostFile.Split('\n').Where(line => line.StartsWith(keyword + " ", StringComparison.Ordinal));
    }
}
