using System.Globalization;
using System.Net;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

/// <summary>One published port: <c>[[address:][host port]:]container port[/protocol]</c>.</summary>
/// <param name="Container">Port and protocol inside, as <c>80/tcp</c>.</param>
/// <param name="HostAddress">Address to listen on, or empty for all.</param>
/// <param name="HostPort">Port to listen on, or empty for any.</param>
internal readonly record struct PortSpec(string Container, string HostAddress, string HostPort)
{
    /// <summary>Reads <c>--publish</c>; a range of ports gives one entry per port.</summary>
    public static IReadOnlyList<PortSpec> Parse(string text)
    {
        var (rest, protocol) = SplitProtocol(text);
        var address = "";
        string host;
        if (rest.StartsWith('['))
        {
            var close = rest.IndexOf("]:", StringComparison.Ordinal);
            if (close < 0)
            {
                throw Invalid(text);
            }
            address = rest[1..close];
            rest = rest[(close + 2)..];
        }
        var parts = rest.Split(':');
        switch (parts.Length)
        {
            case 1:
                host = "";
                break;
            case 2:
                host = parts[0];
                break;
            case 3 when address.Length == 0:
                (address, host) = (parts[0], parts[1]);
                break;
            default:
                throw Invalid(text);
        }
        if (address.Length > 0 && !IPAddress.TryParse(address, out _))
        {
            throw new UsageException($"invalid address \"{address}\" in --publish {text}");
        }
        var (first, last) = Range(parts[^1], text);
        if (host.Length == 0)
        {
            return [.. Enumerable.Range(first, last - first + 1).Select(port => new PortSpec($"{port}/{protocol}", address, ""))];
        }
        var (hostFirst, hostLast) = Range(host, text, lowest: 0);
        if (hostLast - hostFirst != last - first)
        {
            // docker: one container port, a range on the host: any port of the range.
            return first == last
                ? [new PortSpec($"{first}/{protocol}", address, $"{hostFirst}-{hostLast}")]
                : throw new UsageException($"--publish {text}: both ranges must hold the same number of ports");
        }
        return [.. Enumerable.Range(0, last - first + 1).Select(i => new PortSpec($"{first + i}/{protocol}", address, Number(hostFirst + i)))];
    }

    /// <summary>Reads <c>--expose</c>: <c>80</c>, <c>80-90/udp</c>.</summary>
    public static IReadOnlyList<string> ParseExposed(string text)
    {
        var (rest, protocol) = SplitProtocol(text);
        var (first, last) = Range(rest, text);
        return [.. Enumerable.Range(first, last - first + 1).Select(port => $"{port}/{protocol}")];
    }

    private static (string Ports, string Protocol) SplitProtocol(string text)
    {
        var parts = text.Split('/');
        var protocol = parts.Length > 1 ? parts[1].ToLowerInvariant() : "tcp";
        return parts.Length <= 2 && protocol is "tcp" or "udp" or "sctp"
            ? (parts[0], protocol)
            : throw new UsageException($"invalid protocol in port {text}: use tcp, udp or sctp");
    }

    private static (int First, int Last) Range(string text, string whole, int lowest = 1)
    {
        var parts = text.Split('-');
        var first = Port(parts[0], whole, lowest);
        var last = parts.Length > 1 ? Port(parts[1], whole, lowest) : first;
        return parts.Length <= 2 && last >= first ? (first, last) : throw Invalid(whole);
    }

    private static int Port(string text, string whole, int lowest) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port >= lowest && port <= 65535
            ? port
            : throw Invalid(whole);

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static UsageException Invalid(string text) =>
        new($"invalid port \"{text}\": write it as 8080:80, 127.0.0.1:8080:80/tcp or 80; ports are 1 to 65535");
}
