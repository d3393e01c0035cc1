namespace Berth.Engine.Configuration;

/// <summary>Fixed addresses of an endpoint.</summary>
public sealed record EndpointIpamConfig
{
    /// <summary>IPv4 address.</summary>
    public string? IPv4Address { get; init; }

    /// <summary>IPv6 address.</summary>
    public string? IPv6Address { get; init; }

    /// <summary>Link-local addresses.</summary>
    public IReadOnlyList<string>? LinkLocalIPs { get; init; }
}
