using System.Runtime.InteropServices;
using Berth.Containers.Cgroups;
using Berth.Engine.Instances;
using Berth.Engine.State;

namespace Berth.Engine.Host;

/// <summary>Facts about the engine and its host.</summary>
public sealed class SystemService
{
    /// <summary>Newest API version spoken.</summary>
    public const string ApiVersion = "1.50";

    /// <summary>Oldest API version spoken.</summary>
    public const string MinApiVersion = "1.40";

    private readonly EngineContext _context;
    private readonly InstanceViews _views;

    internal SystemService(EngineContext context, InstanceViews views)
    {
        _context = context;
        _views = views;
        Id = context.Store.GetFact("engine-id") ?? NewId(context.Store);
    }

    /// <summary>Stable id of this engine.</summary>
    public string Id { get; }

    /// <summary>Versions of the engine and its parts.</summary>
    public VersionInfo Version() => new()
    {
        Version = _context.Options.Version,
        ApiVersion = ApiVersion,
        MinAPIVersion = MinApiVersion,
        GoVersion = RuntimeInformation.FrameworkDescription,
        KernelVersion = Kernel(),
        Components =
        [
            new VersionComponent
            {
                Name = "Engine",
                Version = _context.Options.Version,
                Details = new Dictionary<string, string>
                {
                    ["ApiVersion"] = ApiVersion,
                    ["MinAPIVersion"] = MinApiVersion,
                    ["Arch"] = "amd64",
                    ["Os"] = "linux",
                    ["KernelVersion"] = Kernel(),
                    ["GoVersion"] = RuntimeInformation.FrameworkDescription,
                    ["GitCommit"] = "",
                    ["BuildTime"] = "",
                    ["Experimental"] = "false",
                },
            },
        ],
    };

    /// <summary>Counts, drivers and features.</summary>
    public HostInfo Info()
    {
        InstanceState[] states = [.. _context.Registry.All.Select(static i => i.State)];
        int running = states.Count(static s => s.Status is InstanceStatus.Running);
        int paused = states.Count(static s => s.Status is InstanceStatus.Paused);
        bool v2 = _context.Cgroups.Version == CgroupVersion.V2;
        var warnings = new List<string>();
        if (!_context.Host.SwapAccounting)
            warnings.Add("WARNING: No swap limit support");
        return new HostInfo
        {
            ID = Id,
            Containers = states.Length,
            ContainersRunning = running,
            ContainersPaused = paused,
            ContainersStopped = states.Length - running - paused,
            Images = _context.Images.Store.List().Count,
            DriverStatus = [["Backing Filesystem", FileSystem()], ["Supports d_type", "true"], ["Native Overlay Diff", "true"]],
            SwapLimit = _context.Host.SwapAccounting,
            OomKillDisable = !v2,
            IPv4Forwarding = Read("/proc/sys/net/ipv4/ip_forward") == "1",
            NFd = Directory.GetFileSystemEntries("/proc/self/fd").Length,
            NGoroutines = ThreadPool.ThreadCount,
            SystemTime = DockerTime.Format(_context.Clock.GetUtcNow()),
            CgroupDriver = "cgroupfs",
            CgroupVersion = v2 ? "2" : "1",
            NEventsListener = _context.Events.Listeners,
            KernelVersion = Kernel(),
            OperatingSystem = Release("PRETTY_NAME") ?? "Linux",
            OSVersion = Release("VERSION_ID") ?? "",
            Architecture = "x86_64",
            RegistryConfig = RegistryConfigView.Of(_context.Options.Registries),
            NCPU = _context.Host.Processors,
            MemTotal = long.Parse(Read("/proc/meminfo").Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024,
            DockerRootDir = _context.Options.DataRoot,
            Name = _context.Host.HostName,
            ServerVersion = _context.Options.Version,
            Runtimes = new Dictionary<string, RuntimeView> { ["container"] = new(), ["vm"] = new() },
            SecurityOptions = _context.Options.PrivateUserNamespaces ? ["name=seccomp,profile=builtin", "name=cgroupns", "name=userns"] : ["name=seccomp,profile=builtin", "name=cgroupns"],
            Warnings = warnings,
        };
    }

    /// <summary>Disk space by kind.</summary>
    public DiskUsage DiskUsage(bool instances, bool volumes) => new()
    {
        LayersSize = _context.Images.DiskUsage().LayersSize + _context.Disks.DiskUsage(),
        Containers = instances ? [.. _context.Registry.All.Select(i => _views.Summary(i, size: true))] : [],
        Volumes = volumes ? _context.Volumes.Usage() : [],
    };

    private static string NewId(StateStore store)
    {
        string id = Guid.NewGuid().ToString();
        store.SetFact("engine-id", id);
        return id;
    }

    private string FileSystem()
    {
        try
        {
            return new DriveInfo(_context.Options.DataRoot).DriveFormat;
        }
        catch (IOException)
        {
            return "unknown";
        }
    }

    private static string Kernel() => Read("/proc/sys/kernel/osrelease");

    private static string? Release(string key) => Read("/etc/os-release").Split('\n')
        .FirstOrDefault(line => line.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..].Trim('"');

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
