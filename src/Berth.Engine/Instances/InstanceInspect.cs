using System.Text.Json.Serialization;
using Berth.Engine.Configuration;

namespace Berth.Engine.Instances;

/// <summary>Everything known of one instance, in the shape of Docker's inspect.</summary>
public sealed record InstanceInspect
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>RFC 3339.</summary>
    public required string Created { get; init; }

    /// <summary>Program.</summary>
    public required string Path { get; init; }

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>What it does now.</summary>
    public required InstanceStateView State { get; init; }

    /// <summary>Image id.</summary>
    public required string Image { get; init; }

    /// <summary>Host path of its resolv.conf.</summary>
    public string ResolvConfPath { get; init; } = "";

    /// <summary>Host path of its hostname file.</summary>
    public string HostnamePath { get; init; } = "";

    /// <summary>Host path of its hosts file.</summary>
    public string HostsPath { get; init; } = "";

    /// <summary>Host path of its log.</summary>
    public string LogPath { get; init; } = "";

    /// <summary>Name with a leading slash.</summary>
    public required string Name { get; init; }

    /// <summary>Restarts by policy.</summary>
    public int RestartCount { get; init; }

    /// <summary>Storage driver.</summary>
    public string Driver { get; init; } = "overlay2";

    /// <summary>Operating system.</summary>
    public string Platform { get; init; } = "linux";

    /// <summary>What the processors of a virtual machine are, as of its last start; before that what was asked for. None of a container.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CpuEngine { get; init; }

    /// <summary>SELinux only.</summary>
    public string MountLabel { get; init; } = "";

    /// <summary>SELinux only.</summary>
    public string ProcessLabel { get; init; } = "";

    /// <summary>AppArmor only.</summary>
    public string AppArmorProfile { get; init; } = "";

    /// <summary>Running exec sessions.</summary>
    public IReadOnlyList<string>? ExecIDs { get; init; }

    /// <summary>How it meets the host.</summary>
    public required HostConfig HostConfig { get; init; }

    /// <summary>Where its files are.</summary>
    public required GraphDriverView GraphDriver { get; init; }

    /// <summary>Bytes in the writable layer, when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRw { get; init; }

    /// <summary>Bytes in all layers, when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeRootFs { get; init; }

    /// <summary>Mounts made for it.</summary>
    public IReadOnlyList<MountView> Mounts { get; init; } = [];

    /// <summary>What runs.</summary>
    public required InstanceConfig Config { get; init; }

    /// <summary>Its networks.</summary>
    public required NetworkSettingsView NetworkSettings { get; init; }
}
