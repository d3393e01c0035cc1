namespace Berth.Containers.Interfaces;

/// <summary>One network interface of a container: a pair whose other end is a port of a bridge of the host.</summary>
public sealed record InterfaceConfig
{
    /// <summary>Name inside: <c>eth0</c>, at most 15 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the end on the host, unlike any other there; at most 15 bytes.</summary>
    public required string HostName { get; init; }

    /// <summary>The bridge, which exists.</summary>
    public required string Bridge { get; init; }

    /// <summary>Hardware address as <c>02:42:ac:11:00:02</c>.</summary>
    public required string Mac { get; init; }

    /// <summary>Addresses with prefix lengths: <c>172.17.0.2/16</c>, <c>fd00::2/64</c>.</summary>
    public IReadOnlyList<string> Addresses { get => field ?? []; init; }

    /// <summary>Gateways of the default routes, at most one a family; empty when another interface has them, or none.</summary>
    public IReadOnlyList<string> Gateways { get => field ?? []; init; }

    /// <summary>Largest packet in bytes.</summary>
    public int Mtu { get; init; } = 1500;
}
