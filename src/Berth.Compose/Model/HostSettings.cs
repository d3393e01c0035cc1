using System.Text.Json.Nodes;

namespace Berth.Compose.Model;

/// <summary>What a service may use of the host and do with it. Sizes in bytes.</summary>
public sealed record HostSettings
{
    /// <summary>All rights.</summary>
    public bool Privileged { get; init; }

    /// <summary>Capabilities added.</summary>
    public IReadOnlyList<string> CapAdd { get; init; } = [];

    /// <summary>Capabilities taken away.</summary>
    public IReadOnlyList<string> CapDrop { get; init; } = [];

    /// <summary>Security options.</summary>
    public IReadOnlyList<string> SecurityOptions { get; init; } = [];

    /// <summary>Devices.</summary>
    public IReadOnlyList<Device> Devices { get; init; } = [];

    /// <summary>Rules for devices.</summary>
    public IReadOnlyList<string> DeviceRules { get; init; } = [];

    /// <summary>Kernel parameters.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>Limits of its processes.</summary>
    public IReadOnlyList<Ulimit> Ulimits { get; init; } = [];

    /// <summary>Namespaces by the names of the engine's API: PidMode, IpcMode, UTSMode, UsernsMode, CgroupnsMode.</summary>
    public IReadOnlyDictionary<string, string> Namespaces { get; init; } = new Dictionary<string, string>();

    /// <summary>Driver of its logs.</summary>
    public string? LogDriver { get; init; }

    /// <summary>Options of that driver.</summary>
    public IReadOnlyDictionary<string, string> LogOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Limits, by the names of the engine's API.</summary>
    public IReadOnlyDictionary<string, JsonNode> Limits { get; init; } = new Dictionary<string, JsonNode>();
}
