using Berth.Containers.Cgroups;
using Berth.Containers.Lifecycle;
using Berth.Containers.Logs;
using Berth.Containers.Supervision;
using Berth.Linux;
using Berth.Supervisor.Events;

namespace Berth.Supervisor.Processes;

/// <summary>Takes over what an earlier supervisor left: running processes by pid and start time, exit records, and the remains of half-made ones.</summary>
internal sealed class Adoption(EventLoop loop, ProcessTable table, SupervisorPaths paths, CgroupHierarchy cgroups, SupervisorLog log)
{
    /// <summary>How long the daemon has to bring back the pidfd of a process that ended unseen, which still knows the exit code.</summary>
    private static readonly TimeSpan ReturnPatience = TimeSpan.FromSeconds(5);

    /// <summary>Reads every state file; returns how many processes are taken over.</summary>
    public int Run()
    {
        int adopted = 0;
        foreach (string directory in Directory.Exists(paths.Containers) ? Directory.EnumerateDirectories(paths.Containers).ToArray() : [])
        {
            ProcessKey container = new(Path.GetFileName(directory), null);
            adopted += AdoptOne(container) ? 1 : 0;
            string execs = Path.Combine(directory, "exec");
            foreach (string exec in Directory.Exists(execs) ? Directory.EnumerateDirectories(execs).ToArray() : [])
                adopted += AdoptOne(container with { ExecId = Path.GetFileName(exec) }) ? 1 : 0;
        }
        return adopted;
    }

    private bool AdoptOne(ProcessKey key)
    {
        ProcessFiles files = new(paths.Containers, key);
        try
        {
            ProcessState? state = files.TryLoad();
            if (!key.IsValid || state is null || state.Process.Id != key.Id || state.Process.ExecId != key.ExecId)
            {
                log.Info($"{key}: removed what a start that never finished left");
                Discard(key, files);
                return false;
            }
            if (!state.Process.IsRunning)
            {
                table.AddEnded(state.Process);
                return false;
            }
            Take(key, files, state);
            return true;
        }
        catch (Exception e) when (e is LinuxException or IOException or CgroupException or UnauthorizedAccessException)
        {
            log.Error($"{key}: cannot be taken over: {e.Message}");
            return false;
        }
    }

    private void Take(ProcessKey key, ProcessFiles files, ProcessState state)
    {
        FileDescriptor? pidFd = state.BootId == BootId.Current ? Open(state.Process) : null;
        ManagedProcess process = new()
        {
            Key = key,
            Files = files,
            State = state,
            PidFd = pidFd,
            Pipes = ProcessPipes.Reopen(files, state.OpenStdin && !state.StdinClosed && !state.Process.Tty && pidFd is not null),
            Log = state.Log is null ? null : LogWriter.Open(state.Log, loop.Clock),
            Cgroup = key.ExecId is null && state.Process.CgroupPath is { } path ? cgroups.Open(path) : null,
            Adopted = true,
        };
        table.Add(process);
        log.Info($"{key}: taken over, pid {state.Process.Pid}{(pidFd is null ? ", which has ended" : "")}");
        if (pidFd is null)
            loop.Schedule(ReturnPatience, () => GiveUp(process));
    }

    private void GiveUp(ManagedProcess process)
    {
        if (process.PidFd is null) // else it came back, and its watch knows more
            table.OnEnded(process, default);
    }

    /// <summary>Opened before it is compared: the descriptor cannot come to mean another process afterwards.</summary>
    private static FileDescriptor? Open(SupervisedProcess process)
    {
        try
        {
            FileDescriptor pidFd = Libc.OpenProcess(process.Pid);
            if (ProcessTimes.StartTicks(process.Pid) == process.StartTimeTicks)
                return pidFd;
            pidFd.Dispose();
            return null;
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    private void Discard(ProcessKey key, ProcessFiles files)
    {
        if (key.IsValid && key.ExecId is null && files.Cgroup is { } path && cgroups.Exists(path))
            cgroups.Open(path).Destroy(); // with whatever was started in it
        files.Remove();
    }
}
