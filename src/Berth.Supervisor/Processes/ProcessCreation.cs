using Berth.Containers.Cgroups;
using Berth.Containers.Logs;
using Berth.Containers.Spec;
using Berth.Containers.Supervision;
using Berth.Linux;

namespace Berth.Supervisor.Processes;

/// <summary>Makes everything a process needs and starts it; on failure nothing is left. Runs on worker threads.</summary>
internal sealed class ProcessCreation(SupervisorPaths paths, CgroupHierarchy cgroups, IProcessLauncher launcher, TimeProvider clock)
{
    private readonly string _bootId = BootId.Current;

    /// <summary>A container with its main process.</summary>
    /// <exception cref="SupervisorException">With docker's exit code.</exception>
    public ManagedProcess Start(StartRequest request)
    {
        ProcessKey key = new(request.Id, null);
        ProcessFiles files = new(paths.Containers, key);
        ICgroup? cgroup = null;
        ProcessPipes? pipes = null;
        LogWriter? log = null;
        try
        {
            files.Remove(); // an earlier run's record
            files.Create();
            pipes = ProcessPipes.Create(files, request.Tty, request.OpenStdin);
            files.Cgroup = request.Spec.Linux?.CgroupsPath is { Length: > 0 } path ? path : $"/berth/{request.Id}";
            cgroup = cgroups.Create(files.Cgroup);
            if (request.Spec.Linux?.Resources is { } resources)
                cgroup.Apply(resources);
            if (request.Log is { Disabled: false } config)
            {
                log = LogWriter.Open(config, clock);
                log.WriteStart();
            }
            LaunchedProcess launched = launcher.Start(request, cgroup, pipes);
            pipes.CloseChildEnds();
            SupervisedProcess process = Describe(key, launched, cgroup.Path, request.Tty);
            ProcessState state = new()
            {
                Process = process,
                BootId = _bootId,
                OpenStdin = request.OpenStdin,
                StdinOnce = request.StdinOnce,
                Log = log is null ? null : request.Log,
            };
            ManagedProcess result = new()
            {
                Key = key,
                Files = files,
                State = state,
                PidFd = launched.PidFd,
                Pipes = pipes,
                Console = launched.Console,
                Log = log,
                Cgroup = cgroup,
            };
            SaveOrEnd(result);
            return result;
        }
        catch (Exception e)
        {
            pipes?.Dispose();
            log?.WriteEnd();
            log?.Dispose();
            Undo(cgroup, files);
            throw Explain(e);
        }
    }

    /// <summary>One more process in a container.</summary>
    /// <exception cref="SupervisorException">With docker's exit code.</exception>
    public ManagedProcess Exec(ExecRequest request, ManagedProcess container)
    {
        ProcessKey key = new(request.ContainerId, request.ExecId);
        ProcessFiles files = new(paths.Containers, key);
        ProcessPipes? pipes = null;
        try
        {
            files.Create();
            pipes = ProcessPipes.Create(files, request.Tty, request.OpenStdin);
            LaunchedProcess launched = launcher.Exec(request, container, pipes);
            pipes.CloseChildEnds();
            ProcessState state = new()
            {
                Process = Describe(key, launched, container.Process.CgroupPath, request.Tty),
                BootId = _bootId,
                OpenStdin = request.OpenStdin,
                StdinOnce = true,
            };
            ManagedProcess result = new() { Key = key, Files = files, State = state, PidFd = launched.PidFd, Pipes = pipes, Console = launched.Console };
            SaveOrEnd(result);
            return result;
        }
        catch (Exception e)
        {
            pipes?.Dispose();
            Undo(null, files);
            throw Explain(e);
        }
    }

    // Without its state on disk the process would be lost to a later supervisor: rather none than that.
    private static void SaveOrEnd(ManagedProcess process)
    {
        try
        {
            process.Files.Save(process.State);
        }
        catch
        {
            Libc.SendSignal(process.PidFd!, Libc.SIGKILL);
            Libc.Wait(process.PidFd!);
            throw;
        }
    }

    private SupervisedProcess Describe(ProcessKey key, LaunchedProcess launched, string? cgroup, bool tty) => new()
    {
        Id = key.Id,
        ExecId = key.ExecId,
        Pid = launched.Pid,
        StartTimeTicks = launched.StartTimeTicks,
        CgroupPath = cgroup,
        Tty = tty,
        StartedAt = clock.GetUtcNow(),
    };

    private static void Undo(ICgroup? cgroup, ProcessFiles files)
    {
        try
        {
            cgroup?.Destroy();
        }
        catch (CgroupException)
        {
            // The first error is the one that matters; the next start at this place replaces what is left.
        }
        files.Remove();
    }

    private static SupervisorException Explain(Exception e) => e switch
    {
        SupervisorException known => known,
        LinuxException or CgroupException or IOException or UnauthorizedAccessException or SpecException =>
            new SupervisorException(SupervisorErrorKind.StartFailed, e.Message, 125, e),
        _ => new SupervisorException(SupervisorErrorKind.System, e.Message, 125, e),
    };
}
