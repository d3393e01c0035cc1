using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Testing;

/// <summary>
/// A berthd of the test's own: private socket, data, run root and cgroup parent, so that tests run beside each other and beside a real Berth.
/// Disposing it removes every container, ends the daemon and its supervisor, and deletes its folders.
/// </summary>
public sealed class PrivateDaemon : IAsyncDisposable
{
    private readonly TemporaryDirectory _root = new();
    private Process? _process;
    private bool _dataIsMounted;

    private PrivateDaemon() { }

    /// <summary>Folder for state that outlives the daemon.</summary>
    public string DataRoot => _root.Combine("data");

    /// <summary>Folder for sockets, pid files and FIFOs.</summary>
    public string RunRoot => _root.Combine("run");

    /// <summary>The API socket's path.</summary>
    public string Socket => Path.Combine(RunRoot, "berth.sock");

    /// <summary>A folder of the test's own, gone with the daemon.</summary>
    public string Scratch => Directory.CreateDirectory(_root.Combine("scratch")).FullName;

    /// <summary>Parent of every container's cgroup, unlike any other daemon's.</summary>
    public string CgroupParent => "/" + Path.GetFileName(_root.Path);

    /// <summary>What the names of this daemon's interfaces contain, and the name of its table of nftables ends with.</summary>
    public string InterfaceTag => Convert.ToHexStringLower(Hash)[..5];

    /// <summary>Names of this daemon's network interfaces on the host.</summary>
    public string[] Interfaces() => [.. Directory.EnumerateFileSystemEntries("/sys/class/net").Select(static path => Path.GetFileName(path)!).Where(name => name.Contains(InterfaceTag, StringComparison.Ordinal))];

    /// <summary>Sixteen subnets that hardly another daemon takes: networks that are not up yet are known to nobody else.</summary>
    private string AddressPool => $"10.{128 + Hash[8] % 64}.{Hash[9] & 0xF0}.0/20,24";

    private byte[] Hash => SHA256.HashData(Encoding.UTF8.GetBytes(RunRoot));

    /// <summary>Process id of berthd.</summary>
    public int Pid => _process?.Id ?? throw new InvalidOperationException("berthd is not running");

    /// <summary>Process id of the supervisor, as its pid file tells.</summary>
    public int SupervisorPid
    {
        get
        {
            // Opened by .NET, the file would be asked for a lock, and the supervisor holds it.
            using Process cat = Command.Start("cat", [Path.Combine(RunRoot, "supervisor.pid")]);
            return int.Parse(cat.StandardOutput.ReadToEnd());
        }
    }

    /// <summary>Starts a daemon on empty folders, with the busybox image loaded.</summary>
    public static async Task<PrivateDaemon> StartAsync(CancellationToken cancellationToken = default)
    {
        string archive = await SharedImages.BusyboxAsync(cancellationToken);
        PrivateDaemon daemon = await StartEmptyAsync(cancellationToken);
        (await daemon.DockerAsync(["load", "-q", "-i", archive], cancellationToken: cancellationToken)).Expect();
        return daemon;
    }

    /// <summary>Starts a daemon on empty folders, without any image.</summary>
    public static async Task<PrivateDaemon> StartEmptyAsync(CancellationToken cancellationToken = default)
    {
        var daemon = new PrivateDaemon();
        try
        {
            await daemon.StartProcessAsync(cancellationToken);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a daemon whose data root is a file system of <paramref name="megabytes"/> in memory, with the busybox image loaded.</summary>
    public static async Task<PrivateDaemon> StartOnSmallDiskAsync(int megabytes, CancellationToken cancellationToken = default)
    {
        string archive = await SharedImages.BusyboxAsync(cancellationToken);
        var daemon = new PrivateDaemon();
        try
        {
            Directory.CreateDirectory(daemon.DataRoot);
            (await Command.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m", "berth-test", daemon.DataRoot], cancellationToken: cancellationToken)).Expect();
            daemon._dataIsMounted = true;
            await daemon.StartProcessAsync(cancellationToken);
            (await daemon.DockerAsync(["load", "-q", "-i", archive], cancellationToken: cancellationToken)).Expect();
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>A plain HTTP client on the daemon's socket.</summary>
    public HttpClient CreateHttpClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) => new NetworkStream(await ConnectAsync(cancellationToken), ownsSocket: true),
    })
    { BaseAddress = new Uri("http://berth") };

    /// <summary>A raw connection to the daemon's socket.</summary>
    public async Task<Socket> ConnectAsync(CancellationToken cancellationToken = default)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(this.Socket), cancellationToken);
        return socket;
    }

    /// <summary>Environment that points both clients at this daemon.</summary>
    public Dictionary<string, string?> Environment => new()
    {
        ["DOCKER_HOST"] = $"unix://{Socket}",
        ["DOCKER_CONFIG"] = _root.Combine("docker-config"),
        ["DOCKER_BUILDKIT"] = "0",
        ["DOCKER_CLI_HINTS"] = "false",
        ["BERTH_HOST"] = $"unix://{Socket}",
        ["BERTH_DATA_ROOT"] = DataRoot,
        ["BERTH_RUN_ROOT"] = RunRoot,
        ["BERTH_CGROUP_PARENT"] = CgroupParent,
        ["BERTH_ADDRESS_POOL"] = AddressPool,
    };

    /// <summary>Runs the stock docker CLI against this daemon.</summary>
    public Task<CommandResult> DockerAsync(string[] arguments, byte[]? input = null, CancellationToken cancellationToken = default) =>
        Command.RunAsync("docker", arguments, Environment, input, cancellationToken);

    /// <summary>Runs the berth CLI against this daemon.</summary>
    public Task<CommandResult> BerthAsync(string[] arguments, byte[]? input = null, CancellationToken cancellationToken = default) =>
        Command.RunAsync(Repository.Program("berth"), arguments, Environment, input, cancellationToken);

    /// <summary>Ends berthd with SIGKILL, as a crash would.</summary>
    public async Task KillAsync()
    {
        Process process = _process ?? throw new InvalidOperationException("berthd is not running");
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
    }

    /// <summary>Ends berthd in good order; what runs goes on.</summary>
    public async Task StopAsync()
    {
        Process process = _process ?? throw new InvalidOperationException("berthd is not running");
        await EndAsync(process.Id);
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
    }

    /// <summary>Starts berthd again on the same folders.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => StartProcessAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not { HasExited: false } && Directory.Exists(RunRoot))
        {
            _process?.Dispose();
            await StartProcessAsync(default); // what it left running needs one that ends it
        }
        if (_process is { HasExited: false })
        {
            CommandResult all = await DockerAsync(["ps", "-aq", "--no-trunc"]);
            if (all.Lines.Length > 0)
                await DockerAsync(["rm", "-f", "-v", .. all.Lines]);
            int supervisor = SupervisorPid;
            await EndAsync(_process.Id);
            await _process.WaitForExitAsync();
            _process.Dispose();
            // Second, or berthd would replace it.
            await EndAsync(supervisor);
        }
        if (_dataIsMounted)
            (await Command.RunAsync("umount", [DataRoot])).Expect();
        foreach (string cgroup in CgroupFolders())
            if (Directory.Exists(cgroup))
                Directory.Delete(cgroup);
        _root.Dispose();
    }

    /// <summary>Everywhere the parent of the containers' cgroups may stand.</summary>
    public IEnumerable<string> CgroupFolders() =>
        Directory.Exists("/sys/fs/cgroup")
            ? Directory.EnumerateDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup").Select(d => d + CgroupParent)
            : [];

    private static async Task EndAsync(int pid)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            await Command.RunAsync("kill", ["-TERM", pid.ToString()]);
            await process.WaitForExitAsync();
        }
        catch (ArgumentException)
        {
            // It has already ended.
        }
    }

    private async Task StartProcessAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_root.Combine("docker-config"));
        _process = Command.Start(
            Repository.Program("berthd"),
            ["--host", $"unix://{Socket}", "--data-root", DataRoot, "--run-root", RunRoot, "--cgroup-parent", CgroupParent, "--address-pool", AddressPool]);
        var log = new StringBuilder();
        _process.ErrorDataReceived += (_, line) => { lock (log) log.AppendLine(line.Data); };
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await WaitForSocketAsync(_process, log, cancellationToken);
    }

    private async Task WaitForSocketAsync(Process process, StringBuilder log, CancellationToken cancellationToken)
    {
        var address = new UnixDomainSocketEndPoint(Socket);
        for (long until = System.Environment.TickCount64 + 60_000; ; await Task.Delay(20, cancellationToken))
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await probe.ConnectAsync(address, cancellationToken);
                return;
            }
            catch (SocketException) when (!process.HasExited && System.Environment.TickCount64 < until)
            {
                // Not listening yet.
            }
            catch (SocketException)
            {
                lock (log)
                    throw new InvalidOperationException($"berthd did not come up:\n{log}");
            }
        }
    }
}
