using Berth.Networks.Addresses;

namespace Berth.Networks.Bridges;

/// <summary>A network as the host's kernel is to have it.</summary>
public sealed record BridgeConfig
{
    /// <summary>Interface name.</summary>
    public required string Name { get; init; }

    /// <summary>IPv4 addresses.</summary>
    public required AddressPlan IPv4 { get; init; }

    /// <summary>IPv6 addresses, if it has any.</summary>
    public AddressPlan? IPv6 { get; init; }

    /// <summary>Whether nothing outside may be reached, nor reach it.</summary>
    public bool IsInternal { get; init; }

    /// <summary>Whether what leaves it takes the host's address.</summary>
    public bool Masquerades { get; init; } = true;

    /// <summary>Largest packet in bytes.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>Both families, IPv4 first.</summary>
    public IEnumerable<AddressPlan> Plans => IPv6 is null ? [IPv4] : [IPv4, IPv6];
}
