namespace Berth.Containers.Interfaces;

/// <summary>A tap of the host, a port of a bridge, that a container's first process gets as an open descriptor: 3 for the first one, and so on.</summary>
public sealed record TapConfig
{
    /// <summary>Name on the host, unlike any other there; at most 15 bytes.</summary>
    public required string HostName { get; init; }

    /// <summary>The bridge, which exists.</summary>
    public required string Bridge { get; init; }

    /// <summary>Largest packet in bytes.</summary>
    public int Mtu { get; init; } = 1500;
}
