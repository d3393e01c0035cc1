namespace Berth.Daemon.Http;

/// <summary>A network as the Docker API shows it.</summary>
internal sealed record NetworkView
{
    public required string Name { get; init; }

    public required string Id { get; init; }

    public required string Created { get; init; }

    public string Scope { get; init; } = "local";

    public required string Driver { get; init; }

    public bool EnableIPv4 { get; init; } = true;

    public bool EnableIPv6 { get; init; }

    public NetworkIpam IPAM { get; init; } = new();

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool Ingress { get; init; }

    public NetworkSource ConfigFrom { get; init; } = new("");

    public bool ConfigOnly { get; init; }

    public IReadOnlyDictionary<string, NetworkMember> Containers { get; init; } = new Dictionary<string, NetworkMember>();

    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>Address management; neither built-in network has any.</summary>
internal sealed record NetworkIpam
{
    public string Driver { get; init; } = "default";

    public IReadOnlyDictionary<string, string>? Options { get; init; }

    public IReadOnlyList<IdAnswer> Config { get; init; } = [];
}

/// <summary>The network a configuration is taken from; never set.</summary>
internal sealed record NetworkSource(string Network);

/// <summary>A container on the network.</summary>
internal sealed record NetworkMember(string Name)
{
    public string EndpointID { get; init; } = "";

    public string MacAddress { get; init; } = "";

    public string IPv4Address { get; init; } = "";

    public string IPv6Address { get; init; } = "";
}
