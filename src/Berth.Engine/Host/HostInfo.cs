namespace Berth.Engine.Host;

/// <summary>Answer to <c>GET /info</c>.</summary>
public sealed record HostInfo
{
    /// <summary>Stable id of this engine.</summary>
    public required string ID { get; init; }

    /// <summary>Instances.</summary>
    public int Containers { get; init; }

    /// <summary>Running ones.</summary>
    public int ContainersRunning { get; init; }

    /// <summary>Paused ones.</summary>
    public int ContainersPaused { get; init; }

    /// <summary>Others.</summary>
    public int ContainersStopped { get; init; }

    /// <summary>Images.</summary>
    public int Images { get; init; }

    /// <summary>Storage driver.</summary>
    public string Driver { get; init; } = "overlay2";

    /// <summary>Facts on storage.</summary>
    public IReadOnlyList<IReadOnlyList<string>> DriverStatus { get; init; } = [];

    /// <summary>Drivers.</summary>
    public PluginList Plugins { get; init; } = new();

    /// <summary>Memory can be limited.</summary>
    public bool MemoryLimit { get; init; } = true;

    /// <summary>Swap can be limited.</summary>
    public bool SwapLimit { get; init; }

    /// <summary>CFS period.</summary>
    public bool CpuCfsPeriod { get; init; } = true;

    /// <summary>CFS quota.</summary>
    public bool CpuCfsQuota { get; init; } = true;

    /// <summary>CPU weight.</summary>
    public bool CPUShares { get; init; } = true;

    /// <summary>CPU sets.</summary>
    public bool CPUSet { get; init; } = true;

    /// <summary>Process counts can be limited.</summary>
    public bool PidsLimit { get; init; } = true;

    /// <summary>Forwarding is on.</summary>
    public bool IPv4Forwarding { get; init; }

    /// <summary>Unused.</summary>
    public bool Debug { get; init; }

    /// <summary>Open files.</summary>
    public int NFd { get; init; }

    /// <summary>cgroup v1 only.</summary>
    public bool OomKillDisable { get; init; }

    /// <summary>Threads.</summary>
    public int NGoroutines { get; init; }

    /// <summary>RFC 3339.</summary>
    public required string SystemTime { get; init; }

    /// <summary>Log driver.</summary>
    public string LoggingDriver { get; init; } = "json-file";

    /// <summary>cgroupfs.</summary>
    public required string CgroupDriver { get; init; }

    /// <summary>1 or 2.</summary>
    public required string CgroupVersion { get; init; }

    /// <summary>Event listeners.</summary>
    public int NEventsListener { get; init; }

    /// <summary>Kernel.</summary>
    public required string KernelVersion { get; init; }

    /// <summary>Distribution.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>Its version.</summary>
    public string OSVersion { get; init; } = "";

    /// <summary>linux.</summary>
    public string OSType { get; init; } = "linux";

    /// <summary>x86_64.</summary>
    public required string Architecture { get; init; }

    /// <summary>Default registry.</summary>
    public string IndexServerAddress { get; init; } = "https://index.docker.io/v1/";

    /// <summary>Registries.</summary>
    public RegistryConfigView RegistryConfig { get; init; } = new();

    /// <summary>CPUs.</summary>
    public int NCPU { get; init; }

    /// <summary>Bytes.</summary>
    public long MemTotal { get; init; }

    /// <summary>Swarm only.</summary>
    public IReadOnlyList<string>? GenericResources { get; init; }

    /// <summary>Data directory.</summary>
    public required string DockerRootDir { get; init; }

    /// <summary>Proxy.</summary>
    public string HttpProxy { get; init; } = "";

    /// <summary>Proxy.</summary>
    public string HttpsProxy { get; init; } = "";

    /// <summary>Proxy.</summary>
    public string NoProxy { get; init; } = "";

    /// <summary>Host name.</summary>
    public required string Name { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Unused.</summary>
    public bool ExperimentalBuild { get; init; }

    /// <summary>Engine version.</summary>
    public required string ServerVersion { get; init; }

    /// <summary>Runtimes.</summary>
    public IReadOnlyDictionary<string, RuntimeView> Runtimes { get; init; } = new Dictionary<string, RuntimeView>();

    /// <summary>Default runtime.</summary>
    public string DefaultRuntime { get; init; } = "container";

    /// <summary>Not used.</summary>
    public SwarmView Swarm { get; init; } = new();

    /// <summary>Instances survive the daemon.</summary>
    public bool LiveRestoreEnabled { get; init; } = true;

    /// <summary>Windows only.</summary>
    public string Isolation { get; init; } = "";

    /// <summary>Init program.</summary>
    public string InitBinary { get; init; } = "berth-init";

    /// <summary>Unused.</summary>
    public ComponentCommit ContainerdCommit { get; init; } = new();

    /// <summary>Unused.</summary>
    public ComponentCommit RuncCommit { get; init; } = new();

    /// <summary>Unused.</summary>
    public ComponentCommit InitCommit { get; init; } = new();

    /// <summary>Security features in use.</summary>
    public IReadOnlyList<string> SecurityOptions { get; init; } = [];

    /// <summary>What this host lacks.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
