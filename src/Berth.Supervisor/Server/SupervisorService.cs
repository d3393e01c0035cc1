using Berth.Containers.Spec;
using Berth.Containers.Supervision;
using Berth.Linux;
using Berth.Supervisor.Events;
using Berth.Supervisor.Processes;
using Berth.Supervisor.Streams;

namespace Berth.Supervisor.Server;

/// <summary>Serves the calls of <see cref="SupervisorClient"/>. On the loop; starts are made by workers.</summary>
internal sealed class SupervisorService(EventLoop loop, ProcessTable table, ProcessCreation creation, SupervisorInfo self, Action stop, SupervisorLog log)
{
    private static readonly SupervisorResponse s_done = new();
    private bool _stopping;

    public void Serve(Connection connection, SupervisorRequest request)
    {
        try
        {
            Dispatch(connection, request);
        }
        catch (SupervisorException e)
        {
            connection.Refuse(e);
        }
        catch (Exception e)
        {
            log.Error($"{request.Op} failed: {e}");
            connection.Refuse(new SupervisorException(SupervisorErrorKind.System, e.Message));
        }
    }

    private void Dispatch(Connection connection, SupervisorRequest request)
    {
        switch (request.Op)
        {
            case SupervisorOperation.Ping:
                connection.Reply(new() { Info = self with { Running = table.RunningCount } });
                break;
            case SupervisorOperation.Start:
                Start(connection, request.Start ?? throw Missing("start"));
                break;
            case SupervisorOperation.Exec:
                Exec(connection, request.Exec ?? throw Missing("exec"));
                break;
            case SupervisorOperation.Signal:
                Signal(connection, request);
                break;
            case SupervisorOperation.Resize:
                Resize(request);
                connection.Reply(s_done);
                break;
            case SupervisorOperation.CloseStdin:
                table.Get(Key(request)).CloseInput();
                connection.Reply(s_done);
                break;
            case SupervisorOperation.Attach:
                Attach(connection, request.Attach ?? throw Missing("attach"));
                break;
            case SupervisorOperation.List:
                connection.Reply(new() { Processes = [.. table.All] });
                break;
            case SupervisorOperation.Watch:
                table.Watch(new WatchClient(connection, table.Unwatch));
                break;
            case SupervisorOperation.Return:
                if (connection.TakeReceived() is { } descriptor)
                    table.Return(Key(request), request.Kept, descriptor);
                connection.Reply(s_done);
                break;
            case SupervisorOperation.Forget:
                table.Forget(Key(request));
                connection.Reply(s_done);
                break;
            case SupervisorOperation.Shutdown:
                Shutdown(connection, request.All);
                break;
            default:
                throw new SupervisorException(SupervisorErrorKind.Invalid, "op: is missing or unknown");
        }
    }

    private void Start(Connection connection, StartRequest request)
    {
        ProcessKey key = new(request.Id ?? throw Missing("start.id"), null);
        if (request.Rootfs is null)
            throw Missing("start.rootfs");
        Validate(request.Spec);
        CheckRunning();
        table.Claim(key);
        Create(connection, key, () => creation.Start(request));
    }

    private void Exec(Connection connection, ExecRequest request)
    {
        ProcessKey key = new(request.ContainerId ?? throw Missing("exec.containerId"), request.ExecId ?? throw Missing("exec.execId"));
        if (request.Process is null)
            throw Missing("exec.process");
        CheckRunning();
        ManagedProcess container = table.Get(key with { ExecId = null });
        table.Claim(key);
        Create(connection, key, () => creation.Exec(request, container));
    }

    private void Create(Connection connection, ProcessKey key, Func<ManagedProcess> create) => ThreadPool.UnsafeQueueUserWorkItem(_ =>
    {
        try
        {
            ManagedProcess process = create();
            loop.Post(() =>
            {
                table.Add(process);
                connection.Reply(new() { Started = new StartResult(process.Process.Pid, process.Process.StartedAt, process.Process.StartTimeTicks) });
            });
        }
        catch (SupervisorException e)
        {
            loop.Post(() =>
            {
                table.Abandon(key);
                connection.Refuse(e);
            });
        }
    }, null);

    private void Signal(Connection connection, SupervisorRequest request)
    {
        if (request.Signal is < 0 or > 64)
            throw new SupervisorException(SupervisorErrorKind.Invalid, $"signal: {request.Signal} is none; use 1 to 64");
        ManagedProcess process = table.Get(Key(request));
        if (!request.All)
        {
            if (process.PidFd is null || !Libc.SendSignal(process.PidFd, request.Signal))
                throw new SupervisorException(SupervisorErrorKind.Conflict, $"{process.Key} is not running");
            connection.Reply(s_done);
            return;
        }
        ThreadPool.UnsafeQueueUserWorkItem(_ =>
        {
            SupervisorException? failure = null;
            try
            {
                process.Cgroup?.KillAll();
            }
            catch (Exception e)
            {
                failure = new SupervisorException(SupervisorErrorKind.System, e.Message, inner: e);
            }
            loop.Post(() =>
            {
                if (failure is null)
                    connection.Reply(s_done);
                else
                    connection.Refuse(failure);
            });
        }, null);
    }

    private void Resize(SupervisorRequest request)
    {
        TerminalSize size = request.Size;
        if (size.Rows is < 0 or > ushort.MaxValue || size.Columns is < 0 or > ushort.MaxValue)
            throw new SupervisorException(SupervisorErrorKind.Invalid, "size: rows and columns must lie between 0 and 65535");
        table.Get(Key(request)).Resize(size);
    }

    private void Attach(Connection connection, AttachRequest request)
    {
        ProcessKey key = new(request.Id ?? throw Missing("attach.id"), request.ExecId);
        ManagedProcess? running = table.Find(key);
        if (running is null && request.RunningOnly)
            throw new SupervisorException(SupervisorErrorKind.Conflict, $"{key} is not running");
        StreamHub hub = table.HubFor(key);
        connection.Send(Replies.Line(new() { Tty = hub.Tty, Log = running?.Log?.Position }));
        if (request.Stream)
            _ = new AttachClient(loop, connection, hub, request);
        else
            connection.Finish();
    }

    private void Shutdown(Connection connection, bool killAll)
    {
        _stopping = true;
        log.Info(killAll ? "asked to end and to kill all containers" : "asked to end; containers run on");
        if (killAll)
        {
            foreach (ManagedProcess process in table.Running)
            {
                if (process.PidFd is not null)
                    Libc.SendSignal(process.PidFd, Libc.SIGKILL);
            }
        }
        WaitForEnd(connection, killAll ? 100 : 0);
    }

    private void WaitForEnd(Connection connection, int rounds)
    {
        if (rounds > 0 && table.RunningCount > 0)
        {
            loop.Schedule(TimeSpan.FromMilliseconds(50), () => WaitForEnd(connection, rounds - 1));
            return;
        }
        connection.Reply(s_done);
        stop();
    }

    private void CheckRunning()
    {
        if (_stopping)
            throw new SupervisorException(SupervisorErrorKind.Unavailable, "the supervisor is ending");
    }

    private static void Validate(RuntimeSpec? spec)
    {
        try
        {
            SpecValidator.ThrowIfInvalid(spec ?? throw Missing("start.spec"));
        }
        catch (SpecException e)
        {
            throw new SupervisorException(SupervisorErrorKind.Invalid, e.Message, 125, e);
        }
    }

    private static ProcessKey Key(SupervisorRequest request) => new(request.Id ?? throw Missing("id"), request.ExecId);

    private static SupervisorException Missing(string field) => new(SupervisorErrorKind.Invalid, $"{field}: is missing");
}
