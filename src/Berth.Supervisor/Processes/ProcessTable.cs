using Berth.Containers.Cgroups;
using Berth.Containers.Supervision;
using Berth.Linux;
using Berth.Supervisor.Events;
using Berth.Supervisor.Server;
using Berth.Supervisor.Streams;

namespace Berth.Supervisor.Processes;

/// <summary>All processes: being started, running, ended but not forgotten. Only the loop touches it.</summary>
internal sealed class ProcessTable(EventLoop loop, SupervisorPaths paths, SupervisorLog log)
{
    private readonly Dictionary<ProcessKey, ManagedProcess> _running = [];
    private readonly Dictionary<ProcessKey, SupervisedProcess> _ended = [];
    private readonly Dictionary<ProcessKey, StreamHub> _waiting = []; // clients attached before the start
    private readonly HashSet<ProcessKey> _starting = [];
    private readonly HashSet<ManagedProcess> _ending = [];
    private readonly List<WatchClient> _watchers = [];

    public int RunningCount => _running.Count;

    public IEnumerable<ManagedProcess> Running => _running.Values;

    public IEnumerable<SupervisedProcess> All => [.. _running.Values.Select(static p => p.Process), .. _ended.Values];

    public ManagedProcess Get(ProcessKey key) => Find(key)
        ?? throw new SupervisorException(_ended.ContainsKey(key) ? SupervisorErrorKind.Conflict : SupervisorErrorKind.NotFound, $"{key} is not running");

    public ManagedProcess? Find(ProcessKey key) => _running.GetValueOrDefault(key);

    /// <summary>Claims the key for a start.</summary>
    public void Claim(ProcessKey key)
    {
        if (!key.IsValid)
            throw new SupervisorException(SupervisorErrorKind.Invalid, "id: use letters, digits, '_', '.' and '-', at most 128, beginning with a letter or digit");
        if (_running.ContainsKey(key) || !_starting.Add(key))
            throw new SupervisorException(SupervisorErrorKind.Conflict, $"{key} is running already");
    }

    /// <summary>The start failed: clients that wait for it end.</summary>
    public void Abandon(ProcessKey key)
    {
        _starting.Remove(key);
        if (_waiting.Remove(key, out StreamHub? hub))
            hub.Finish();
    }

    /// <summary>The start succeeded, or an earlier supervisor's process was adopted.</summary>
    public void Add(ManagedProcess process)
    {
        _starting.Remove(process.Key);
        _ended.Remove(process.Key);
        _running.Add(process.Key, process);
        StreamHub hub = _waiting.Remove(process.Key, out StreamHub? waiting) ? waiting : new StreamHub();
        process.Begin(loop, hub, () => InputClosed(process));
        foreach (WatchClient watcher in _watchers.ToArray())
            Keep(watcher, process);
        if (process.PidFd is not null)
            process.Exit = new ExitWatch(loop, process, OnEnded);
    }

    /// <summary>An ended process of an earlier supervisor that is not forgotten yet.</summary>
    public void AddEnded(SupervisedProcess process) => _ended[new ProcessKey(process.Id, process.ExecId)] = process;

    /// <summary>Where to attach to a process: the running one's hub, or one that waits for the start.</summary>
    public StreamHub HubFor(ProcessKey key)
    {
        if (_running.TryGetValue(key, out ManagedProcess? process))
            return process.Hub;
        if (!key.IsValid)
            throw new SupervisorException(SupervisorErrorKind.Invalid, "id: is malformed");
        if (!_waiting.TryGetValue(key, out StreamHub? hub))
        {
            hub = new StreamHub();
            hub.Changed = () =>
            {
                if (hub.IsEmpty && hub.Size is null && _waiting.GetValueOrDefault(key) == hub)
                    _waiting.Remove(key);
            };
            _waiting.Add(key, hub);
        }
        return hub;
    }

    public void Forget(ProcessKey key)
    {
        foreach (ProcessKey ended in _ended.Keys.Where(k => k == key || (key.ExecId is null && k.Id == key.Id)).ToArray())
        {
            _ended.Remove(ended);
            if (!_running.ContainsKey(ended with { ExecId = null }) || ended.ExecId is not null)
                new ProcessFiles(paths.Containers, ended).Remove();
        }
    }

    public void Watch(WatchClient watcher)
    {
        foreach (SupervisedProcess process in _ended.Values)
            watcher.Tell(new SupervisorResponse { Event = new SupervisorEvent(SupervisorEventKind.Exited, process) });
        watcher.Tell(new SupervisorResponse { Event = new SupervisorEvent(SupervisorEventKind.Replayed, null) });
        foreach (ManagedProcess process in _running.Values.ToArray())
            Keep(watcher, process);
        if (!watcher.IsClosed) // it may have gone while it was told all this
            _watchers.Add(watcher);
    }

    public void Unwatch(WatchClient watcher) => _watchers.Remove(watcher);

    /// <summary>A descriptor came back from the daemon's keeping.</summary>
    public void Return(ProcessKey key, KeptDescriptorKind kind, FileDescriptor descriptor)
    {
        if (kind == KeptDescriptorKind.Console && Find(key) is { } process)
        {
            process.TakeConsole(descriptor);
            return;
        }
        if (kind == KeptDescriptorKind.Process && Find(key) is { PidFd: null } lost)
        {
            lost.PidFd = descriptor;
            lost.Exit = new ExitWatch(loop, lost, OnEnded);
            return;
        }
        descriptor.Dispose();
    }

    /// <summary>A process has ended: its cgroup is emptied by a worker, then its output is completed and the exit told.</summary>
    public void OnEnded(ManagedProcess process, ExitStatus status)
    {
        if (_running.GetValueOrDefault(process.Key) != process || !_ending.Add(process))
            return;
        DateTimeOffset finished = loop.Clock.GetUtcNow();
        if (process.Cgroup is null)
        {
            Complete(process, status, finished, oomKilled: false, error: null);
            return;
        }
        ThreadPool.UnsafeQueueUserWorkItem(_ =>
        {
            bool oomKilled = false;
            string? error = null;
            try
            {
                oomKilled = process.Cgroup.OomKills() > 0;
                process.Cgroup.Destroy();
            }
            catch (Exception e) when (e is CgroupException or LinuxException or IOException)
            {
                error = e.Message;
            }
            loop.Post(() => Complete(process, status, finished, oomKilled, error));
        }, null);
    }

    private void Complete(ManagedProcess process, ExitStatus status, DateTimeOffset finished, bool oomKilled, string? error)
    {
        _ending.Remove(process);
        _running.Remove(process.Key);
        if (error is not null)
            log.Error($"{process.Key}: the cgroup is not removed: {error}");
        if (process.Log is { LostBytes: > 0 } lossy)
            log.Error($"{process.Key}: {lossy.LostBytes} bytes of output did not fit on the disk");
        SupervisedProcess ended = process.Process with
        {
            FinishedAt = finished,
            ExitCode = status.Code,
            Signal = status.Signal,
            OomKilled = oomKilled,
            Error = status.Error,
        };
        process.State = process.State with { Process = ended };
        try
        {
            process.Finish();
            process.Files.RemovePipes();
            process.Files.Save(process.State);
        }
        catch (Exception e) when (e is LinuxException or IOException)
        {
            log.Error($"{process.Key}: {e.Message}");
        }
        _ended[process.Key] = ended;
        foreach (WatchClient watcher in _watchers.ToArray()) // who hears it closes what it keeps of the process
            watcher.Tell(new SupervisorResponse { Event = new SupervisorEvent(SupervisorEventKind.Exited, ended) });
    }

    private static void Keep(WatchClient watcher, ManagedProcess process)
    {
        foreach ((KeptDescriptorKind kind, FileDescriptor descriptor) in process.Keepable())
            watcher.Tell(new SupervisorResponse { Keep = Name(process, kind) }, Libc.Duplicate(descriptor));
        if (process.Process.Tty && process.Console is null)
            watcher.Tell(new SupervisorResponse { Want = Name(process, KeptDescriptorKind.Console) });
        if (process.PidFd is null)
            watcher.Tell(new SupervisorResponse { Want = Name(process, KeptDescriptorKind.Process) });
    }

    private void InputClosed(ManagedProcess process)
    {
        foreach (WatchClient watcher in _watchers.ToArray())
            watcher.Tell(new SupervisorResponse { Drop = Name(process, KeptDescriptorKind.Stdin) });
        process.Files.Save(process.State);
    }

    private static KeptDescriptorName Name(ManagedProcess process, KeptDescriptorKind kind) => new(process.Key.Id, process.Key.ExecId, kind);
}
