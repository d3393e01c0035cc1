using System.Net;
using System.Text;
using Berth.Engine.Configuration;

namespace Berth.Engine.Planning;

/// <summary>Contents of /etc/hosts and /etc/resolv.conf of an instance. See hosts(5), resolv.conf(5).</summary>
internal static class HostsFile
{
    public static (string Name, string Address) ParseExtraHost(string line)
    {
        int split = line.IndexOf('=', StringComparison.Ordinal);
        if (split < 0)
            split = line.IndexOf(':', StringComparison.Ordinal);
        if (split <= 0)
            throw EngineException.Invalid($"HostConfig.ExtraHosts: bad format for add-host: \"{line}\": use host:address");
        string address = line[(split + 1)..].Trim('[', ']');
        if (address == "host-gateway")
            throw EngineException.NotImplemented("HostConfig.ExtraHosts: host-gateway needs a bridge network, which is not available yet: give an address");
        return IPAddress.TryParse(address, out _)
            ? (line[..split], address)
            : throw EngineException.Invalid($"HostConfig.ExtraHosts: invalid IP address in add-host: \"{address}\"");
    }

    public static string Hosts(HostConfig host, string hostName)
    {
        var text = new StringBuilder("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
        foreach (string line in host.ExtraHosts ?? [])
        {
            (string name, string address) = ParseExtraHost(line);
            text.Append(address).Append('\t').Append(name).Append('\n');
        }
        // Without a bridge address the loopback stands for the instance's own name.
        return text.Append("127.0.1.1\t").Append(hostName).Append('\n').ToString();
    }

    /// <summary>The host's file, or one made of the options given.</summary>
    public static string ResolvConf(HostConfig host, string hostFile)
    {
        if (host.Dns is not { Count: > 0 } && host.DnsSearch is not { Count: > 0 } && host.DnsOptions is not { Count: > 0 })
            return hostFile;
        var lines = new List<string>();
        lines.AddRange(host.Dns is { Count: > 0 } ? host.Dns.Select(static a => "nameserver " + a) : Keep("nameserver"));
        lines.AddRange(host.DnsSearch is { Count: > 0 } ? host.DnsSearch is ["."] ? [] : ["search " + string.Join(' ', host.DnsSearch)] : Keep("search"));
        lines.AddRange(host.DnsOptions is { Count: > 0 } ? ["options " + string.Join(' ', host.DnsOptions)] : Keep("options"));
        return string.Join('\n', lines) + "\n";

        IEnumerable<string> Keep(string keyword) => hostFile.Split('\n').Where(line => line.StartsWith(keyword + " ", StringComparison.Ordinal));
    }
}
