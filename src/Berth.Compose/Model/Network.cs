namespace Berth.Compose.Model;

/// <summary>A network of a project.</summary>
/// <param name="Key">Name in the file.</param>
/// <param name="Name">Name in the engine.</param>
public sealed record Network(string Key, string Name)
{
    /// <summary>It is there already and stays.</summary>
    public bool External { get; init; }

    /// <summary>Driver.</summary>
    public string? Driver { get; init; }

    /// <summary>Options for the driver.</summary>
    public IReadOnlyDictionary<string, string> DriverOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Nothing outside can be reached.</summary>
    public bool Internal { get; init; }

    /// <summary>Other containers may be attached.</summary>
    public bool Attachable { get; init; }

    /// <summary>Whether it has IPv4 addresses.</summary>
    public bool? EnableIpv4 { get; init; }

    /// <summary>Whether it has IPv6 addresses.</summary>
    public bool EnableIpv6 { get; init; }

    /// <summary>Driver of addresses.</summary>
    public string? IpamDriver { get; init; }

    /// <summary>Options of that driver.</summary>
    public IReadOnlyDictionary<string, string> IpamOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Address pools.</summary>
    public IReadOnlyList<Subnet> Subnets { get; init; } = [];

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Digest of all this.</summary>
    public required string Hash { get; init; }
}
