using System.Text.Json;
using Berth.Containers.Logs;
using Berth.Containers.Spec;
using Berth.Containers.Supervision;
using Berth.Linux.Routing;
using Berth.Supervisor.Processes;

namespace Berth.Supervisor;

/// <summary>Walks the way of a start once, in the background, so that the first real one finds its code ready. It leaves nothing.</summary>
internal static class WarmUp
{
    private const string Program = "/refused"; // execve refuses it (ENOEXEC): everything up to there has run then

    public static void Begin(SupervisorPaths paths, RuntimeLauncher launcher, TimeProvider clock)
    {
        SupervisorPaths own = new(Path.Combine(paths.RunRoot, "warm-up"), paths.DataRoot);
        Thread thread = new(() => Run(own, launcher, clock), 256 << 10) { IsBackground = true, Name = "warm-up" };
        thread.Start();
    }

    private static void Run(SupervisorPaths paths, RuntimeLauncher launcher, TimeProvider clock)
    {
        try
        {
            if (Directory.Exists(paths.RunRoot))
                Directory.Delete(paths.RunRoot, recursive: true); // left by a supervisor that was killed just then
            string root = Path.Combine(paths.RunRoot, "root");
            Directory.CreateDirectory(Path.Combine(root, "proc"));
            File.WriteAllBytes(root + Program, [0]);
            File.SetUnixFileMode(root + Program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            byte[] line = JsonSerializer.SerializeToUtf8Bytes(Request(root, paths.RunRoot), SupervisionJson.Default.SupervisorRequest);
            StartRequest request = JsonSerializer.Deserialize(line, SupervisionJson.Default.SupervisorRequest)!.Start!;
            SpecValidator.ThrowIfInvalid(request.Spec);
            ProcessFiles files = new(paths.Containers, new ProcessKey(request.Id, null));
            files.Create();
            using ProcessPipes pipes = ProcessPipes.Create(files, tty: false, openStdin: true);
            using LogWriter log = LogWriter.Open(request.Log!, clock);
            log.WriteStart();
            using (var host = RouteSocket.Open())
                host.Find("lo");
            launcher.Start(request, cgroup: null, pipes); // no cgroup: one would be left if the supervisor were killed just now
        }
        catch (Exception)
        {
            // Refused, as meant.
        }
        finally
        {
            Directory.Delete(paths.RunRoot, recursive: true);
        }
    }

    private static SupervisorRequest Request(string root, string log) => new()
    {
        Op = SupervisorOperation.Start,
        Start = new StartRequest
        {
            Id = "warm-up",
            Spec = new RuntimeSpec
            {
                OciVersion = "1.2.0",
                Process = new ProcessSpec { Args = [Program], Cwd = "/", Env = ["PATH=/"], Capabilities = new CapabilitiesSpec() },
                Mounts = [new MountSpec { Destination = "/proc", Type = "proc", Source = "proc" }],
                Linux = new LinuxSpec
                {
                    Namespaces = [.. NamespaceType.All.Where(static t => t is "pid" or "mount" or "ipc" or "uts").Select(static t => new NamespaceSpec { Type = t })],
                },
            },
            Rootfs = new RootfsRequest { Directory = root },
            Log = new LogConfig { Directory = Path.Combine(log, "log") },
        },
    };
}
