using System.Globalization;
using System.Net;
using Berth.Engine.Configuration;

namespace Berth.Engine.Networks;

/// <summary>Which ports of the host an instance wants: reading and checking its bindings.</summary>
internal static class PortPlan
{
    // Where the kernel takes ports from by default for what nobody chose.
    private const int FirstFree = 32768, LastFree = 60999;

    /// <summary>One binding: the addresses of the host to listen on, all on the same port, and the ports it may be.</summary>
    public sealed record Wish(string Protocol, ushort TargetPort, IReadOnlyList<IPAddress> Addresses, int First, int Last, bool IsExact, bool IsOptionalIPv6)
    {
        /// <summary>What inspect calls the port inside.</summary>
        public string Key => $"{TargetPort}/{Protocol}";
    }

    /// <summary>All bindings, in a stable order.</summary>
    public static IReadOnlyList<Wish> Read(InstanceConfig config, HostConfig host)
    {
        var wishes = new List<Wish>();
        foreach ((string key, IReadOnlyList<PortBinding>? bindings) in host.PortBindings ?? new Dictionary<string, IReadOnlyList<PortBinding>?>())
        {
            (ushort port, string protocol) = ParsePort(key, "HostConfig.PortBindings");
            foreach (PortBinding binding in bindings is { Count: > 0 } ? bindings : [new PortBinding()])
                wishes.Add(Read(port, protocol, binding));
        }
        if (host.PublishAllPorts)
        {
            foreach (string key in config.ExposedPorts?.Keys ?? [])
            {
                (ushort port, string protocol) = ParsePort(key, "ExposedPorts");
                if (!wishes.Exists(w => w.TargetPort == port && w.Protocol == protocol))
                    wishes.Add(Read(port, protocol, new PortBinding()));
            }
        }
        return [.. wishes.OrderBy(static w => w.IsExact ? 0 : 1).ThenBy(static w => w.Protocol, StringComparer.Ordinal).ThenBy(static w => w.TargetPort)];
    }

    /// <summary>Reads <c>80/tcp</c>; the protocol may be left out.</summary>
    public static (ushort Port, string Protocol) ParsePort(string key, string field)
    {
        int slash = key.IndexOf('/', StringComparison.Ordinal);
        string protocol = slash < 0 ? "tcp" : key[(slash + 1)..];
        if (protocol == "sctp")
            throw EngineException.NotImplemented($"{field}: {key}: sctp is not available: use tcp or udp");
        if (protocol is not ("tcp" or "udp") || !ushort.TryParse(slash < 0 ? key : key[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0)
            throw EngineException.Invalid($"{field}: invalid port specification: \"{key}\": use a form such as 80/tcp");
        return (port, protocol);
    }

    /// <summary>An exposed port may also be a range; it is a remark of the image's and opens nothing.</summary>
    public static void CheckExposed(string key)
    {
        int slash = key.IndexOf('/', StringComparison.Ordinal);
        string ports = slash < 0 ? key : key[..slash];
        if (slash >= 0 && key[(slash + 1)..] is not ("tcp" or "udp" or "sctp"))
            throw EngineException.Invalid($"ExposedPorts: invalid proto: {key}: use tcp or udp");
        ParseRange(ports.Length == 0 ? "-" : ports);
    }

    private static Wish Read(ushort port, string protocol, PortBinding binding)
    {
        bool any = string.IsNullOrEmpty(binding.HostIp);
        IPAddress? address = null;
        if (!any && (binding.HostIp!.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(binding.HostIp, out address)))
            throw EngineException.Invalid($"HostConfig.PortBindings: invalid IP address: {binding.HostIp}: use an address of this host");
        (int first, int last) = ParseRange(binding.HostPort);
        return new Wish(protocol, port, any ? [IPAddress.Any, IPAddress.IPv6Any] : [address!], first, last, first == last, any);
    }

    private static (int First, int Last) ParseRange(string? text)
    {
        if (text is null or "" or "0")
            return (FirstFree, LastFree);
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (ushort.TryParse(dash < 0 ? text : text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out ushort first) && first > 0
            && ushort.TryParse(dash < 0 ? text : text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort last) && last >= first)
            return (first, last);
        throw EngineException.Invalid($"invalid port \"{text}\": use a number from 1 to 65535 or a range such as 8000-8010");
    }
}
