using System.Text.Json;
using Berth.Containers.Spec;
using Berth.Containers.Supervision;
using Berth.Supervisor.Processes;

namespace Berth.Supervisor;

/// <summary>Walks the way of a start once, in the background, so that the first real one finds its code ready. It has no effect of its own.</summary>
internal static class WarmUp
{
    public static void Begin(RuntimeLauncher launcher, SupervisorPaths paths)
    {
        Thread thread = new(() => Run(launcher, Path.Combine(paths.RunRoot, "warm-up")), 256 << 10) { IsBackground = true, Name = "warm-up", Priority = ThreadPriority.BelowNormal };
        thread.Start();
    }

    private static void Run(RuntimeLauncher launcher, string root)
    {
        try
        {
            Directory.CreateDirectory(root);
            StartRequest request = new()
            {
                Id = "warm-up",
                Spec = new RuntimeSpec
                {
                    OciVersion = "1.2.0",
                    Process = new ProcessSpec { Args = ["/nothing"], Cwd = "/", Env = ["PATH=/bin"], Capabilities = new CapabilitiesSpec() },
                    Linux = new LinuxSpec { Namespaces = [.. NamespaceType.All.Where(static t => t is "pid" or "mount" or "ipc" or "uts").Select(static t => new NamespaceSpec { Type = t })] },
                },
                Rootfs = new RootfsRequest { Directory = root }, // empty: the program is not found in it
            };
            byte[] line = JsonSerializer.SerializeToUtf8Bytes(new SupervisorRequest { Op = SupervisorOperation.Start, Start = request }, SupervisionJson.Default.SupervisorRequest);
            request = JsonSerializer.Deserialize(line, SupervisionJson.Default.SupervisorRequest)!.Start!;
            SpecValidator.ThrowIfInvalid(request.Spec);
            using ProcessPipes pipes = new();
            launcher.Start(request, cgroup: null, pipes);
        }
        catch (Exception)
        {
            // Refused, as meant.
        }
        finally
        {
            Directory.Delete(root, recursive: false);
        }
    }
}
