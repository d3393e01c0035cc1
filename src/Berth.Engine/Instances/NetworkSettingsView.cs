using Berth.Engine.Configuration;

namespace Berth.Engine.Instances;

/// <summary>Networks of an instance.</summary>
public sealed record NetworkSettingsView
{
    /// <summary>Unused.</summary>
    public string Bridge { get; init; } = "";

    /// <summary>Id of its network namespace.</summary>
    public string SandboxID { get; init; } = "";

    /// <summary>Path of its network namespace.</summary>
    public string SandboxKey { get; init; } = "";

    /// <summary>Published ports.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?> Ports { get; init; } = new Dictionary<string, IReadOnlyList<PortBinding>?>();

    /// <summary>Of the default bridge.</summary>
    public string EndpointID { get; init; } = "";

    /// <summary>Of the default bridge.</summary>
    public string Gateway { get; init; } = "";

    /// <summary>Of the default bridge.</summary>
    public string IPAddress { get; init; } = "";

    /// <summary>Of the default bridge.</summary>
    public int IPPrefixLen { get; init; }

    /// <summary>Of the default bridge.</summary>
    public string MacAddress { get; init; } = "";

    /// <summary>Endpoints by network name.</summary>
    public IReadOnlyDictionary<string, EndpointConfig> Networks { get; init; } = new Dictionary<string, EndpointConfig>();
}
