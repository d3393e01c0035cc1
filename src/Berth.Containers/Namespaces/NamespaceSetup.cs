using Berth.Containers.Interfaces;
using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Routing;
using static Berth.Linux.Libc;

namespace Berth.Containers.Namespaces;

/// <summary>Sets up fresh namespaces from within: host name, interfaces, kernel parameters, clock offsets. Runs on the thread that made them.</summary>
internal static class NamespaceSetup
{
    /// <param name="config">What is asked for.</param>
    /// <param name="host">Reaches the host's network namespace; null without interfaces to make.</param>
    /// <param name="created">CLONE_NEW* of the fresh namespaces.</param>
    /// <param name="process">Directory of /proc whose process enters the time namespace.</param>
    public static void Configure(ContainerConfig config, RouteSocket? host, ulong created, string process)
    {
        RuntimeSpec spec = config.Spec;
        if ((created & CLONE_NEWUTS) != 0)
        {
            if (!string.IsNullOrEmpty(spec.Hostname)) SetHostName(spec.Hostname);
            if (!string.IsNullOrEmpty(spec.Domainname)) SetDomainName(spec.Domainname);
        }
        if ((created & CLONE_NEWNET) != 0)
        {
            using FileDescriptor socket = OpenSocket(AF_INET, SOCK_DGRAM);
            BringUpLoopback(socket);
            if (host is not null) InterfaceWiring.Connect(host, config.Interfaces);
        }
        if ((created & CLONE_NEWTIME) != 0 && spec.Linux!.TimeOffsets.Count > 0)
        {
            string offsets = string.Concat(spec.Linux.TimeOffsets.Select(static o => $"{o.Key} {o.Value.Secs} {o.Value.Nanosecs}\n"));
            WriteProc($"{process}/timens_offsets", offsets);
        }
    }

    /// <summary>Sets kernel parameters: those of the ipc namespace, which answer to its owner alone, or all the others.</summary>
    public static void SetParameters(RuntimeSpec spec, bool ipc)
    {
        foreach ((string name, string value) in spec.Linux?.Sysctl ?? new Dictionary<string, string>())
        {
            string path = name.Replace('.', '/');
            if (IsIpc(path) == ipc) WriteProc("sys/" + path, value);
        }
    }

    private static bool IsIpc(string path) => path.StartsWith("kernel/msg", StringComparison.Ordinal) || path.StartsWith("kernel/sem", StringComparison.Ordinal)
        || path.StartsWith("kernel/shm", StringComparison.Ordinal) || path.StartsWith("fs/mqueue/", StringComparison.Ordinal);

    // Below the host's own /proc, by descriptor, and nothing but procfs on the way: a write can reach a kernel parameter only. The kernel
    // picks the namespace by the calling thread.
    private static void WriteProc(string path, string value)
    {
        using FileDescriptor proc = Open("/proc", O_PATH | O_DIRECTORY);
        if (StatFileSystem(proc).f_type != PROC_SUPER_MAGIC) throw ContainerStartException.Because("/proc of the host is not procfs", "sysctl");
        using FileDescriptor file = OpenAt2(proc, path, O_WRONLY, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
        WriteAll(file, System.Text.Encoding.UTF8.GetBytes(value));
    }
}
