using Berth.Containers.Cgroups;
using Berth.Containers.Lifecycle;
using Berth.Containers.Supervision;

namespace Berth.Supervisor.Processes;

/// <summary>Makes processes by the container runtime.</summary>
internal sealed class RuntimeLauncher : IProcessLauncher
{
    public LaunchedProcess Start(StartRequest request, ICgroup? cgroup, ProcessPipes pipes)
    {
        RootfsRequest root = request.Rootfs;
        RootfsSource rootfs = root.Directory is { Length: > 0 } directory
            ? new DirectoryRootfs(directory)
            : new OverlayRootfs(root.LowerDirectories, root.UpperDirectory ?? throw Missing("rootfs.upperDirectory"), root.WorkDirectory ?? throw Missing("rootfs.workDirectory"));
        ContainerConfig config = new()
        {
            Id = request.Id,
            Spec = request.Spec with { Process = Terminal(request.Spec.Process ?? throw Missing("spec.process"), request.Tty, request.ConsoleSize) },
            Rootfs = rootfs,
            User = request.User,
            GroupAdd = request.GroupAdd,
            Init = request.Init,
            Interfaces = request.Interfaces,
            Taps = request.Taps,
            Cgroup = cgroup,
        };
        return Guard(() => ContainerRuntime.Start(config, Stdio(pipes)));
    }

    public LaunchedProcess Exec(ExecRequest request, ManagedProcess container, ProcessPipes pipes)
    {
        ExecConfig config = new()
        {
            ContainerPid = container.Process.Pid,
            ContainerPidFd = container.PidFd ?? throw Missing("container"),
            Process = Terminal(request.Process, request.Tty, request.ConsoleSize),
            Seccomp = request.Seccomp,
            User = request.User,
            GroupAdd = request.GroupAdd,
            Cgroup = container.Cgroup,
        };
        return Guard(() => ContainerRuntime.Exec(config, Stdio(pipes)));
    }

    private static LaunchedProcess Guard(Func<StartedProcess> start)
    {
        try
        {
            StartedProcess started = start(); // its descriptors live on in the result
            // Not reaped before the loop knows it, so /proc still tells; adoption depends on it.
            ulong startTicks = started.StartTimeTicks != 0 ? started.StartTimeTicks : ProcessTimes.StartTicks(started.Pid);
            return new LaunchedProcess(started.Pid, started.PidFd, started.Console, startTicks, started.Warnings);
        }
        catch (ContainerStartException e)
        {
            throw new SupervisorException(SupervisorErrorKind.StartFailed, e.Message, e.ExitCode, e);
        }
    }

    private static Containers.Spec.ProcessSpec Terminal(Containers.Spec.ProcessSpec process, bool tty, TerminalSize? size) => process with
    {
        Terminal = tty,
        ConsoleSize = tty && size is { } s ? new Containers.Spec.ConsoleSize { Height = (uint)s.Rows, Width = (uint)s.Columns } : process.ConsoleSize,
    };

    private static ProcessStdio Stdio(ProcessPipes pipes) => new(pipes.ChildStdin, pipes.ChildStdout, pipes.ChildStderr);

    private static SupervisorException Missing(string field) => new(SupervisorErrorKind.Invalid, $"{field}: is missing");
}
