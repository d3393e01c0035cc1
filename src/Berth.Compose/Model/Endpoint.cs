namespace Berth.Compose.Model;

/// <summary>A service on one network.</summary>
/// <param name="Network">The network's name in the file.</param>
public sealed record Endpoint(string Network)
{
    /// <summary>Further names.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Fixed IPv4 address.</summary>
    public string? Ipv4 { get; init; }

    /// <summary>Fixed IPv6 address.</summary>
    public string? Ipv6 { get; init; }

    /// <summary>Hardware address.</summary>
    public string? MacAddress { get; init; }

    /// <summary>Options for the driver.</summary>
    public IReadOnlyDictionary<string, string> DriverOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>The highest comes first.</summary>
    public long Priority { get; init; }

    /// <summary>Whether an address is fixed: two containers cannot have it at once.</summary>
    public bool IsStatic => Ipv4 is not null || Ipv6 is not null;
}
