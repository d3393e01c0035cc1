namespace Berth.Compose.Model;

/// <summary>A service's place on networks.</summary>
public sealed record NetworkSettings
{
    /// <summary>none, host, bridge, service:NAME or container:NAME; null: the networks below.</summary>
    public string? Mode { get; init; }

    /// <summary>Networks it is on, the one of its default route first.</summary>
    public IReadOnlyList<Endpoint> Endpoints { get; init; } = [];

    /// <summary>Published ports.</summary>
    public IReadOnlyList<Port> Ports { get; init; } = [];

    /// <summary>Ports it listens on, as <c>80/tcp</c>.</summary>
    public IReadOnlyList<string> Expose { get; init; } = [];

    /// <summary>Host name.</summary>
    public string? Hostname { get; init; }

    /// <summary>NIS domain.</summary>
    public string? Domainname { get; init; }

    /// <summary>Hardware address on the first network.</summary>
    public string? MacAddress { get; init; }

    /// <summary>Name servers.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];

    /// <summary>Search domains.</summary>
    public IReadOnlyList<string> DnsSearch { get; init; } = [];

    /// <summary>Resolver options.</summary>
    public IReadOnlyList<string> DnsOptions { get; init; } = [];

    /// <summary>Services it knows by a name of its own, as <c>service[:alias]</c>.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];

    /// <summary>Lines for /etc/hosts as <c>name:address</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];
}
