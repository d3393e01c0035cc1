using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>How an instance meets the host, as in the Docker API.</summary>
public sealed record HostConfig : Resources
{
    /// <summary>Bind and volume mounts as <c>source:target[:options]</c>.</summary>
    public IReadOnlyList<string>? Binds { get; init; }

    /// <summary>Client side only; kept for inspect.</summary>
    public string? ContainerIDFile { get; init; }

    /// <summary>Where output goes.</summary>
    public LogConfig? LogConfig { get; init; }

    /// <summary><c>default</c>, <c>bridge</c>, <c>none</c>, <c>host</c> or <c>container:x</c>.</summary>
    public string? NetworkMode { get; init; }

    /// <summary>Published ports.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?>? PortBindings { get; init; }

    /// <summary>When an ended instance starts again.</summary>
    public RestartPolicy? RestartPolicy { get; init; }

    /// <summary>Remove the instance when it ends.</summary>
    public bool AutoRemove { get; init; }

    /// <summary>Driver of volumes in <see cref="Binds"/>.</summary>
    public string? VolumeDriver { get; init; }

    /// <summary>Instances whose volumes to take, as <c>name[:ro|rw]</c>.</summary>
    public IReadOnlyList<string>? VolumesFrom { get; init; }

    /// <summary>First size of the terminal: height, width.</summary>
    public IReadOnlyList<int>? ConsoleSize { get; init; }

    /// <summary>Annotations for the runtime.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Capabilities to add.</summary>
    public IReadOnlyList<string>? CapAdd { get; init; }

    /// <summary>Capabilities to drop.</summary>
    public IReadOnlyList<string>? CapDrop { get; init; }

    /// <summary><c>private</c>, <c>host</c> or empty.</summary>
    public string? CgroupnsMode { get; init; }

    /// <summary>Name servers.</summary>
    public IReadOnlyList<string>? Dns { get; init; }

    /// <summary>Resolver options.</summary>
    public IReadOnlyList<string>? DnsOptions { get; init; }

    /// <summary>Search domains.</summary>
    public IReadOnlyList<string>? DnsSearch { get; init; }

    /// <summary>Lines for /etc/hosts as <c>host:address</c>.</summary>
    public IReadOnlyList<string>? ExtraHosts { get; init; }

    /// <summary>Further groups of the workload.</summary>
    public IReadOnlyList<string>? GroupAdd { get; init; }

    /// <summary><c>none</c>, <c>private</c>, <c>shareable</c>, <c>host</c> or <c>container:x</c>.</summary>
    public string? IpcMode { get; init; }

    /// <summary>Control group of another instance; not supported.</summary>
    public string? Cgroup { get; init; }

    /// <summary>Legacy links.</summary>
    public IReadOnlyList<string>? Links { get; init; }

    /// <summary>-1000 to 1000.</summary>
    public int OomScoreAdj { get; init; }

    /// <summary>Empty, <c>host</c> or <c>container:x</c>.</summary>
    public string? PidMode { get; init; }

    /// <summary>All capabilities and devices, nothing masked.</summary>
    public bool Privileged { get; init; }

    /// <summary>Publish every exposed port.</summary>
    public bool PublishAllPorts { get; init; }

    /// <summary>Mount the root file system read-only.</summary>
    public bool ReadonlyRootfs { get; init; }

    /// <summary><c>no-new-privileges</c>, <c>seccomp=…</c> and the like.</summary>
    public IReadOnlyList<string>? SecurityOpt { get; init; }

    /// <summary>Options of the storage driver.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? StorageOpt { get; init; }

    /// <summary>tmpfs mounts by path.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Tmpfs { get; init; }

    /// <summary>Empty or <c>host</c>.</summary>
    public string? UTSMode { get; init; }

    /// <summary>Empty (the daemon's default), <c>host</c>, <c>private</c> or <c>container:x</c>.</summary>
    public string? UsernsMode { get; init; }

    /// <summary>Size of /dev/shm in bytes; 0 = 64 MiB.</summary>
    public long ShmSize { get; init; }

    /// <summary>Namespaced kernel parameters.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Sysctls { get; init; }

    /// <summary><c>container</c> (default) or <c>vm</c>.</summary>
    public string? Runtime { get; init; }

    internal bool IsMachine => Runtime == "vm";

    /// <summary>Windows only.</summary>
    public string? Isolation { get; init; }

    /// <summary>Mounts in the long form.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MountConfig>? Mounts { get; init; }

    /// <summary>Paths to hide; null = the default list.</summary>
    public IReadOnlyList<string>? MaskedPaths { get; init; }

    /// <summary>Paths to make read-only; null = the default list.</summary>
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }

    /// <summary>Run a small init as process 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Init { get; init; }
}
