using Berth.Containers.Cgroups;
using Berth.Containers.Logs;
using Berth.Containers.Spec;
using Berth.Containers.Supervision;
using Berth.Testing;

namespace Berth.Supervisor.Tests;

/// <summary>A supervisor of the test's own on private roots, with a busybox root file system; ended with all its containers.</summary>
internal sealed class SupervisorFixture : IAsyncDisposable
{
    private static readonly string[] s_namespaces = ["pid", "mount", "ipc", "uts"];
    private static int s_last;
    private readonly TemporaryDirectory _directory = new();
    private readonly string _prefix = $"berth-test-{Environment.ProcessId}x{Interlocked.Increment(ref s_last)}x";
    private int _next;

    private SupervisorFixture() => Paths = new SupervisorPaths(_directory.Combine("run"), _directory.Combine("data"));

    public SupervisorPaths Paths { get; }

    public SupervisorClient Client { get; private set; } = null!;

    public static string Binary => Path.Combine(AppContext.BaseDirectory, "berth-supervisor");

    public static async Task<SupervisorFixture> StartAsync()
    {
        Requires.Root();
        SupervisorFixture fixture = new();
        fixture.MakeRootfs();
        await fixture.LaunchAsync();
        return fixture;
    }

    public async Task LaunchAsync()
    {
        await SupervisorLauncher.EnsureRunningAsync(Paths, Binary);
        Client ??= new SupervisorClient(Paths.Socket);
    }

    /// <summary>A fresh container id.</summary>
    public string NewId() => _prefix + Interlocked.Increment(ref _next);

    public string LogDirectory(string id) => _directory.Combine("data", "containers", id, "log");

    public StartRequest Request(string id, params string[] args) => new()
    {
        Id = id,
        Spec = new RuntimeSpec
        {
            OciVersion = "1.2.0",
            Process = Process(args),
            Mounts =
            [
                new MountSpec { Destination = "/proc", Type = "proc", Source = "proc" },
                new MountSpec { Destination = "/dev", Type = "tmpfs", Source = "tmpfs" },
                new MountSpec { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["newinstance", "ptmxmode=0666", "mode=0620"] },
            ],
            Linux = new LinuxSpec
            {
                Namespaces = [.. s_namespaces.Select(static t => new NamespaceSpec { Type = t })],
                CgroupsPath = $"/{_prefix}/{id}",
            },
        },
        Rootfs = new RootfsRequest { Directory = _directory.Combine("rootfs") },
        Log = new LogConfig { Directory = LogDirectory(id) },
    };

    public static ProcessSpec Process(params string[] args) => new() { Args = args, Cwd = "/", Env = ["PATH=/bin"] };

    /// <summary>The exit of a process, from a watch that also sees exits before the call.</summary>
    public async Task<SupervisedProcess> ExitAsync(string id, string? execId = null)
    {
        await foreach (SupervisorEvent news in Client.WatchAsync(TestContext.Current.CancellationToken))
        {
            if (news.Process is { } process && process.Id == id && process.ExecId == execId)
                return process;
        }
        throw new InvalidOperationException("the watch ended");
    }

    public async Task<string> LogAsync(string id)
    {
        MemoryStream all = new();
        await foreach (LogEntry entry in LogReader.ReadAsync(LogDirectory(id), new LogReadOptions(), TestContext.Current.CancellationToken))
            all.Write(entry.Text.Span);
        return System.Text.Encoding.UTF8.GetString(all.ToArray());
    }

    /// <summary>Directories of cgroups of this fixture's containers that are still there.</summary>
    public IReadOnlyList<string> Cgroups() => CgroupHierarchy.Detect().Children("/" + _prefix);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await LaunchAsync();
            await Client.ShutdownAsync(killAll: true);
        }
        finally
        {
            Client.Dispose();
            CgroupHierarchy.Detect().RemoveIfEmpty("/" + _prefix);
            _directory.Dispose();
        }
    }

    private void MakeRootfs()
    {
        string bin = Directory.CreateDirectory(_directory.Combine("rootfs", "bin")).FullName;
        foreach (string directory in new[] { "proc", "dev", "tmp", "etc" })
            Directory.CreateDirectory(_directory.Combine("rootfs", directory));
        File.Copy("/usr/bin/busybox", Path.Combine(bin, "busybox"));
        foreach (string applet in new[] { "sh", "true", "cat", "echo", "sleep", "head", "stty", "kill", "seq", "yes", "grep", "dd" })
            File.CreateSymbolicLink(Path.Combine(bin, applet), "busybox");
    }
}
