namespace Berth.Engine.State;

/// <summary>A running instance's place in one network.</summary>
internal sealed record EndpointRow
{
    public required string NetworkId { get; init; }

    public required string EndpointId { get; init; }

    /// <summary>Name of the interface inside.</summary>
    public required string Interface { get; init; }

    /// <summary>Name of the interface on the host.</summary>
    public required string HostInterface { get; init; }

    public required string Mac { get; init; }

    public required string IPv4 { get; init; }

    public string? IPv6 { get; init; }

    /// <summary>Names that it answers to, lower case.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The default route leads here.</summary>
    public bool IsGateway { get; init; }
}
