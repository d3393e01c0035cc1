using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Berth.Containers.Cgroups;
using Berth.Testing;

namespace Berth.Oci.Tests;

/// <summary>Debian's containerd of the test's own: private root, state and socket, with an image made by Berth. Ended by process id, with its shims.</summary>
internal sealed class Containerd : IAsyncDisposable
{
    /// <summary>The image's name.</summary>
    public const string Image = "docker.io/library/busybox:latest";

    private readonly TemporaryDirectory _folder = new();
    private readonly StringBuilder _log = new();
    private Process? _process;

    private Containerd() { }

    private string Socket => _folder.Combine("c.sock");

    private string Parent => $"/{Path.GetFileName(_folder.Path)}";

    /// <summary>Where berth-oci keeps the containers of this containerd.</summary>
    public string State => _folder.Combine("runtime/default");

    public static async Task<Containerd> StartAsync()
    {
        Requires.Root();
        string archive = await SharedImages.BusyboxAsync(OciRuntime.Token);
        Containerd containerd = new();
        try
        {
            await containerd.BeginAsync();
            (await containerd.CtrAsync("images", "import", "--snapshotter", "native", archive)).Expect();
            return containerd;
        }
        catch
        {
            await containerd.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs containerd's own client.</summary>
    public Task<CommandResult> CtrAsync(params string[] arguments) => Command.RunAsync("ctr", ["--address", Socket, .. arguments], null, null, OciRuntime.Token);

    /// <summary>Runs the image with berth-oci as the runtime.</summary>
    public Task<CommandResult> RunAsync(string id, IEnumerable<string> options, params string[] command) => CtrAsync([.. RunArguments(id, options), .. command]);

    /// <summary>As <see cref="RunAsync"/> and <see cref="ExecAsync"/> on a terminal, which is all that the client's <c>-t</c> works on.</summary>
    public Task<CommandResult> OnTerminalAsync(params string[] arguments) =>
        Command.RunAsync("script", ["-qec", string.Join(' ', ["ctr", "--address", Socket, .. arguments]), "/dev/null"], null, null, OciRuntime.Token);

    public string[] RunArguments(string id, IEnumerable<string> options) =>
    [
        "run", "--runtime", "io.containerd.runc.v2", "--runc-binary", OciRuntime.Program, "--runc-root", _folder.Combine("runtime"), "--snapshotter", "native",
        "--fifo-dir", _folder.Combine("fifo"), "--cgroup", $"{Parent}/{id}", .. options, Image, id,
    ];

    public Task<CommandResult> ExecAsync(string id, string process, params string[] command) => CtrAsync([.. ExecArguments(id, process), .. command]);

    public string[] ExecArguments(string id, string process, params string[] options) => ["tasks", "exec", "--exec-id", process, "--fifo-dir", _folder.Combine("fifo"), .. options, id];

    /// <summary>RUNNING, PAUSED or STOPPED.</summary>
    public async Task<string> StatusAsync(string id) =>
        (await CtrAsync("tasks", "ls")).Expect().Lines.Select(static l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Single(l => l[0] == id)[2];

    /// <summary>Waits, within the test's own time limit, until a task is in a state.</summary>
    public async Task UntilAsync(string id, string status)
    {
        while (await StatusAsync(id) != status) await Task.Delay(50, OciRuntime.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false } process)
        {
            foreach (string id in (await Command.RunAsync("ctr", ["--address", Socket, "tasks", "ls", "-q"])).Lines)
                await Command.RunAsync("ctr", ["--address", Socket, "tasks", "delete", "--force", id]);
            await EndShimsAsync();
            await Command.RunAsync("kill", ["-TERM", $"{process.Id}"]);
            await process.WaitForExitAsync();
        }
        _process?.Dispose();
        foreach (string mount in File.ReadLines("/proc/self/mounts").Select(static l => l.Split(' ')[1]).Where(m => m.StartsWith(_folder.Path + "/", StringComparison.Ordinal)).Reverse())
            await Command.RunAsync("umount", ["-l", mount]);
        CgroupHierarchy.Detect().RemoveIfEmpty(Parent);
        _folder.Dispose();
    }

    // A shim ends with its task; one that is left has lost it. They carry the socket of their containerd on their command line.
    private async Task EndShimsAsync()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(static d => int.TryParse(Path.GetFileName(d), out _)))
        {
            string line;
            try
            {
                line = File.ReadAllText(Path.Combine(folder, "cmdline"));
            }
            catch (IOException)
            {
                continue; // ended meanwhile
            }
            if (line.Contains("containerd-shim", StringComparison.Ordinal) && line.Contains(Socket, StringComparison.Ordinal))
                await Command.RunAsync("kill", ["-KILL", Path.GetFileName(folder)]);
        }
    }

    private async Task BeginAsync()
    {
        string config = _folder.Combine("config.toml");
        // Without what needs devices, the network or folders outside the test's own.
        File.WriteAllText(config, $"""
            version = 2
            root = "{_folder.Combine("root")}"
            state = "{_folder.Combine("state")}"
            disabled_plugins = [
              "io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
              "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
            ]
            [grpc]
              address = "{Socket}"
            [ttrpc]
              address = "{Socket}.ttrpc"

            """);
        _process = Command.Start("containerd", ["--config", config]);
        _process.ErrorDataReceived += (_, line) => { lock (_log) _log.AppendLine(line.Data); };
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        for (; ; await Task.Delay(50, OciRuntime.Token))
        {
            using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await probe.ConnectAsync(new UnixDomainSocketEndPoint(Socket), OciRuntime.Token);
                return;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                // Not listening yet; the test's own time limit ends a wait in vain.
            }
            catch (SocketException)
            {
                lock (_log) throw new InvalidOperationException($"containerd did not come up:\n{_log}");
            }
        }
    }
}
