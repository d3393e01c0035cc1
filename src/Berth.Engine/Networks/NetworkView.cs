namespace Berth.Engine.Networks;

/// <summary>A network, in Docker's shape.</summary>
public sealed record NetworkView
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>RFC 3339.</summary>
    public required string Created { get; init; }

    /// <summary>Scope.</summary>
    public string Scope { get; init; } = "local";

    /// <summary>bridge, host or null.</summary>
    public required string Driver { get; init; }

    /// <summary>Whether it has IPv4 addresses.</summary>
    public bool EnableIPv4 { get; init; } = true;

    /// <summary>Whether it has IPv6 addresses.</summary>
    public bool EnableIPv6 { get; init; }

    /// <summary>Addresses.</summary>
    public IpamView IPAM { get; init; } = new();

    /// <summary>Whether nothing outside can be reached.</summary>
    public bool Internal { get; init; }

    /// <summary>Kept for clients; every network can be joined.</summary>
    public bool Attachable { get; init; }

    /// <summary>Swarm only.</summary>
    public bool Ingress { get; init; }

    /// <summary>Swarm only.</summary>
    public NetworkSource ConfigFrom { get; init; } = new("");

    /// <summary>Swarm only.</summary>
    public bool ConfigOnly { get; init; }

    /// <summary>Running instances on it by id.</summary>
    public IReadOnlyDictionary<string, NetworkMember> Containers { get; init; } = new Dictionary<string, NetworkMember>();

    /// <summary>Driver options.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>User metadata.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}
