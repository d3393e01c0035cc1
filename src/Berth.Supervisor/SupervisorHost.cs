using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Berth.Containers.Cgroups;
using Berth.Containers.Supervision;
using Berth.Linux;
using Berth.Supervisor.Events;
using Berth.Supervisor.Processes;
using Berth.Supervisor.Server;

namespace Berth.Supervisor;

/// <summary>The parts put together. At its end the workloads run on; whoever comes next takes them over.</summary>
internal sealed class SupervisorHost : IDisposable
{
    private readonly EventLoop _loop;
    private readonly SupervisorLog _log;
    private readonly FileDescriptor _lock;
    private readonly Listener _listener;

    private SupervisorHost(EventLoop loop, SupervisorLog log, FileDescriptor pidFile, Listener listener)
    {
        _loop = loop;
        _log = log;
        _lock = pidFile;
        _listener = listener;
    }

    /// <summary>Takes the pid file, adopts what runs and listens.</summary>
    /// <exception cref="SupervisorException">Another supervisor has this run root.</exception>
    public static SupervisorHost Start(SupervisorPaths paths, TimeProvider clock)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(paths.RunRoot);
        Directory.CreateDirectory(paths.Containers, Private);
        File.SetUnixFileMode(paths.Containers, Private); // the FIFOs inside are open to all
        FileDescriptor pidFile = TakePidFile(paths);
        SupervisorLog log = new(paths.Log, clock);
        EventLoop loop = new(clock, log);
        CgroupHierarchy cgroups = CgroupHierarchy.Detect();
        ProcessTable table = new(loop, paths, log);
        RuntimeLauncher launcher = new();
        ProcessCreation creation = new(paths, cgroups, launcher, clock);
        int adopted = new Adoption(loop, table, paths, cgroups, log).Run();
        string version = typeof(SupervisorHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        SupervisorInfo self = new(version, Libc.ProcessId, clock.GetUtcNow(), adopted, adopted);
        SupervisorService service = new(loop, table, creation, self, loop.Stop, log);
        Listener listener = new(loop, paths.Socket, service.Serve, log);
        log.Info($"started, version {version}, {adopted} processes taken over");
        WarmUp.Begin(paths, launcher, clock);
        return new SupervisorHost(loop, log, pidFile, listener);
    }

    public void Run() => _loop.Run();

    /// <summary>SIGTERM and SIGINT end the supervisor alone.</summary>
    public void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        _log.Info($"{context.Signal}: ending; containers run on");
        _loop.Stop();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _log.Info("ended");
        _loop.Dispose();
        _log.Dispose();
        FileLock.Release(_lock); // last
    }

    private static FileDescriptor TakePidFile(SupervisorPaths paths)
    {
        FileDescriptor file = Libc.Open(paths.PidFile, Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC | Libc.O_NOFOLLOW, 0x1A4 /* 0644 */);
        if (!Libc.Lock(file, Libc.LOCK_EX | Libc.LOCK_NB))
        {
            file.Dispose();
            throw new SupervisorException(SupervisorErrorKind.Conflict, $"another supervisor holds {paths.PidFile}");
        }
        Libc.Truncate(file, 0);
        Libc.WriteAll(file, Encoding.ASCII.GetBytes($"{Libc.ProcessId}\n"));
        return file;
    }
}
