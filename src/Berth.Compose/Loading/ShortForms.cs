using System.Globalization;
using System.Net;
using Berth.Compose.Yaml;

namespace Berth.Compose.Loading;

/// <summary>Writes the short forms of ports, mounts, files and devices out as the long ones.</summary>
internal static class ShortForms
{
    private const int MaximumPorts = 4096;

    /// <summary><c>[[address:]published:]target[/protocol]</c>, each port perhaps a range, as one mapping a port.</summary>
    public static IEnumerable<Node> Ports(ScalarNode scalar)
    {
        var text = scalar.Text;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var protocol = slash < 0 ? "tcp" : text[(slash + 1)..].ToLowerInvariant();
        if (protocol is not ("tcp" or "udp" or "sctp"))
        {
            throw new ComposeException(scalar.Mark, $"the protocol of port \"{text}\" is not tcp, udp or sctp");
        }
        var rest = slash < 0 ? text : text[..slash];
        var at = rest.LastIndexOf(':');
        var (first, last) = Range(scalar, rest[(at + 1)..]);
        var host = at < 0 ? "" : rest[..at];
        at = host.LastIndexOf(':');
        var address = at < 0 ? null : host[..at].TrimStart('[').TrimEnd(']');
        if (address is { Length: > 0 } && !IPAddress.TryParse(address, out _))
        {
            throw new ComposeException(scalar.Mark, $"\"{address}\" in port \"{text}\" is no address");
        }
        var published = host[(at + 1)..];
        var (from, to) = published.Length == 0 ? (-1, -1) : Range(scalar, published);
        var spread = from >= 0 && to > from && first == last;
        if (from >= 0 && !spread && to - from != last - first)
        {
            throw new ComposeException(scalar.Mark, $"both ranges of port \"{text}\" must hold the same number of ports");
        }
        for (var port = first; port <= last; port++)
        {
            var outside = from < 0 ? null : spread ? published : Number(from + port - first);
            yield return Build(scalar.Mark, ("mode", "ingress"), ("host_ip", address is { Length: > 0 } ? address : null), ("published", outside), ("protocol", protocol))
                .With("target", new ScalarNode(scalar.Mark, Number(port), plain: true));
        }
    }

    /// <summary>A volume as <c>[source:]target[:options]</c>; relative sources begin at <paramref name="directory"/>.</summary>
    public static MappingNode Volume(ScalarNode scalar, string directory)
    {
        var parts = scalar.Text.Split(':');
        if (parts.Length > 3 || parts.Any(part => part.Length == 0))
        {
            throw new ComposeException(scalar.Mark, $"invalid volume \"{scalar.Text}\": write it as source:/path, /path, or with :ro behind it");
        }
        var target = parts.Length == 1 ? parts[0] : parts[1];
        if (!target.StartsWith('/'))
        {
            throw new ComposeException(scalar.Mark, $"the path in the container, \"{target}\", must begin with /");
        }
        var source = parts.Length == 1 ? null : parts[0];
        var isPath = source is not null && source[0] is ('/' or '.' or '~');
        List<(string, Node)> entries = [("type", Text(scalar.Mark, isPath ? "bind" : "volume"))];
        if (source is not null)
        {
            entries.Add(("source", Text(scalar.Mark, isPath ? Paths.Absolute(source, directory) : source)));
        }
        entries.Add(("target", Text(scalar.Mark, target)));
        List<(string, Node)> bind = isPath ? [("create_host_path", new ScalarNode(scalar.Mark, "true", plain: true))] : [];
        List<(string, Node)> volume = [];
        foreach (var option in parts.Length > 2 ? parts[2].Split(',') : [])
        {
            switch (option)
            {
                case "ro":
                    entries.Add(("read_only", new ScalarNode(scalar.Mark, "true", plain: true)));
                    break;
                case "z" or "Z" when isPath:
                    bind.Add(("selinux", Text(scalar.Mark, option)));
                    break;
                case "nocopy":
                    volume.Add(("nocopy", new ScalarNode(scalar.Mark, "true", plain: true)));
                    break;
                case "shared" or "rshared" or "slave" or "rslave" or "private" or "rprivate" when isPath:
                    bind.Add(("propagation", Text(scalar.Mark, option)));
                    break;
                case "rw" or "z" or "Z" or "cached" or "delegated" or "consistent":
                    break;
                default:
                    throw new ComposeException(scalar.Mark, $"the option \"{option}\" of volume \"{scalar.Text}\" is not known");
            }
        }
        if (bind.Count > 0)
        {
            entries.Add(("bind", Mapping(scalar.Mark, bind)));
        }
        if (volume.Count > 0)
        {
            entries.Add(("volume", Mapping(scalar.Mark, volume)));
        }
        return Mapping(scalar.Mark, entries);
    }

    /// <summary>A device as <c>host[:container[:rwm]]</c>.</summary>
    public static MappingNode Device(ScalarNode scalar)
    {
        var parts = scalar.Text.Split(':');
        return parts.Length <= 3 && parts.All(part => part.Length > 0)
            ? Build(scalar.Mark, ("source", parts[0]), ("target", parts.Length > 1 ? parts[1] : parts[0]), ("permissions", parts.Length > 2 ? parts[2] : "rwm"))
            : throw new ComposeException(scalar.Mark, $"invalid device \"{scalar.Text}\": write it as /dev/x, /dev/x:/dev/y or /dev/x:/dev/y:rwm");
    }

    /// <summary>A mapping of texts; entries without value are left out.</summary>
    public static MappingNode Build(Mark mark, params (string Key, string? Value)[] entries) =>
        Mapping(mark, [.. entries.Where(entry => entry.Value is not null).Select(entry => (entry.Key, (Node)Text(mark, entry.Value!)))]);

    private static MappingNode Mapping(Mark mark, IReadOnlyList<(string Key, Node Value)> entries)
    {
        OrderedDictionary<string, MappingNode.Entry> map = [];
        foreach (var (key, value) in entries)
        {
            map[key] = new MappingNode.Entry(value, mark);
        }
        return new MappingNode(mark, map);
    }

    private static ScalarNode Text(Mark mark, string text) => new(mark, text);

    private static (int First, int Last) Range(ScalarNode scalar, string text)
    {
        var parts = text.Split('-');
        if (parts.Length <= 2 && Port(parts[0]) is { } first && Port(parts[^1]) is { } last && last >= first)
        {
            return last - first < MaximumPorts ? (first, last) : throw new ComposeException(scalar.Mark, $"\"{scalar.Text}\" holds more than {MaximumPorts} ports");
        }
        throw new ComposeException(scalar.Mark, $"invalid port \"{scalar.Text}\": write it as 80, 8080:80 or 127.0.0.1:8080:80/udp; ports are 1 to 65535");
    }

    private static int? Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? port : null;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
