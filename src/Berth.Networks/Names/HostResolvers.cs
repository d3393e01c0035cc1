using System.Net;

namespace Berth.Networks.Names;

/// <summary>The name servers that the host itself asks, from its resolv.conf(5).</summary>
public static class HostResolvers
{
    private const string Path = "/etc/resolv.conf";
    private const int Most = 3; // MAXNS of the C library
    private static volatile Known? s_last;

    private sealed record Known(DateTime Changed, IReadOnlyList<IPAddress> Servers);

    /// <summary>Servers in their order; read again when the file has changed.</summary>
    public static IReadOnlyList<IPAddress> Read()
    {
        try
        {
            DateTime changed = File.GetLastWriteTimeUtc(Path);
            if (s_last is not { } last || last.Changed != changed)
                s_last = last = new Known(changed, Parse(File.ReadLines(Path)));
            return last.Servers;
        }
        catch (IOException)
        {
            return [];
        }
    }

    internal static IReadOnlyList<IPAddress> Parse(IEnumerable<string> lines) =>
    [
        .. lines.Select(static line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(static words => words is ["nameserver", _, ..])
            .Select(static words => IPAddress.TryParse(words[1], out IPAddress? address) ? address : null)
            .OfType<IPAddress>().Take(Most),
    ];
}
