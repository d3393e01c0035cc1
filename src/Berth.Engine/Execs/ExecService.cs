using System.Collections.Concurrent;
using System.Text.Json;
using Berth.Containers.Spec;
using Berth.Containers.Supervision;
using Berth.Engine.Instances;
using Berth.Engine.Machines;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Engine.Supervision;
using Berth.Vmm.Control;

namespace Berth.Engine.Execs;

/// <summary>Further processes in running instances. Ended sessions are kept for an hour.</summary>
public sealed class ExecService
{
    private const int MaxSessions = 100_000;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);
    private readonly EngineContext _context;
    private readonly SpecSource _specs;
    private readonly ConcurrentDictionary<string, ExecSession> _sessions = new(StringComparer.Ordinal);

    internal ExecService(EngineContext context, SpecSource specs)
    {
        _context = context;
        _specs = specs;
    }

    /// <summary>Prepares a session; NotFound or Conflict when the instance is missing, stopped or paused.</summary>
    public ExecCreated Create(string nameOrId, ExecConfig config)
    {
        Instance instance = _context.Registry.Get(nameOrId);
        UnknownFields.Refuse(config.Unknown, "");
        if (config.Cmd is not { Count: > 0 } || config.Cmd is [""])
            throw EngineException.Invalid("Cmd: No exec command specified");
        RequestValidator.CheckProcess(config.Cmd, config.Env, config.WorkingDir);
        if (!string.IsNullOrEmpty(config.WorkingDir) && config.WorkingDir[0] != '/')
            throw EngineException.Invalid($"WorkingDir: '{config.WorkingDir}' must be an absolute path");
        DetachKeys.Parse(config.DetachKeys);
        if (instance.Definition.IsMachine)
        {
            if (config.Privileged)
                throw EngineException.NotImplemented("Privileged: not for a virtual machine: root has every right over its own kernel: leave --privileged out");
            MachinePlan.Exec(instance.Definition, _specs.HostName(instance.Definition), config);
        }
        CheckRunning(instance);
        var session = new ExecSession(InstanceNames.NewId(), instance, config) { CreatedAt = _context.Clock.GetUtcNow() };
        Sweep();
        if (_sessions.Count >= MaxSessions)
            throw new EngineException(EngineErrorKind.Unavailable, $"more than {MaxSessions} exec sessions in the last hour: start fewer, or remove instances that are done");
        _sessions[session.Id] = session;
        _context.Events.Publish(instance, $"exec_create: {string.Join(' ', config.Cmd)}", ("execID", session.Id));
        return new ExecCreated { Id = session.Id };
    }

    /// <summary>Starts and attaches; Conflict when started before.</summary>
    public async Task<Attachment> StartAsync(string execId, ExecStartOptions options, CancellationToken cancellationToken)
    {
        ExecSession session = Begin(execId);
        ExecConfig config = session.Config;
        SupervisedStream stream = await TranslatedAsync(session, () => _context.Supervisor.AttachAsync(
            new AttachRequest
            {
                Id = session.Instance.Id,
                ExecId = session.Id,
                Stdin = config.AttachStdin,
                Stdout = config.AttachStdout || config.Tty,
                Stderr = config.AttachStderr && !config.Tty,
            },
            cancellationToken));
        try
        {
            await RunAsync(session, options.ConsoleSize);
        }
        catch
        {
            await stream.Stream.DisposeAsync();
            throw;
        }
        byte[]? keys = config.Tty && config.AttachStdin ? DetachKeys.Parse(config.DetachKeys) : null;
        return new Attachment(new ClientStream(stream.Stream, keys, session.Exit.Task), config.Tty, stream.CompleteInput);
    }

    /// <summary>Starts without attaching.</summary>
    public Task StartDetachedAsync(string execId, CancellationToken cancellationToken) => RunAsync(Begin(execId), null);

    /// <summary>Sets the terminal's size.</summary>
    public async Task ResizeAsync(string execId, int height, int width, CancellationToken cancellationToken)
    {
        ExecSession session = Get(execId);
        TerminalSizes.Check(height, width);
        if (!session.Running)
            throw EngineException.Conflict($"exec {execId} is not running");
        await TranslatedAsync(session, async () =>
        {
            await _context.Supervisor.ResizeAsync(session.Instance.Id, session.Id, height, width, cancellationToken);
            return true;
        });
    }

    /// <summary>State of a session.</summary>
    public ExecInspect Inspect(string execId)
    {
        ExecSession session = Get(execId);
        ExecConfig config = session.Config;
        return new ExecInspect
        {
            ID = session.Id,
            Running = session.Running,
            ExitCode = session.ExitCode,
            ProcessConfig = new ExecProcessView
            {
                Tty = config.Tty,
                Entrypoint = config.Cmd![0],
                Arguments = [.. config.Cmd.Skip(1)],
                Privileged = config.Privileged,
                User = config.User ?? "",
            },
            OpenStdin = config.AttachStdin,
            OpenStdout = config.AttachStdout,
            OpenStderr = config.AttachStderr,
            CanRemove = session.ExitCode is not null,
            ContainerID = session.Instance.Id,
            DetachKeys = config.DetachKeys ?? "",
            Pid = session.Running ? session.Pid : 0,
        };
    }

    internal IReadOnlyList<string> RunningIn(Instance instance) =>
        [.. _sessions.Values.Where(s => s.Instance == instance && s.Running && !s.Hidden).Select(static s => s.Id)];

    /// <summary>Runs a hidden session to its end; output at most <paramref name="limit"/> bytes.</summary>
    internal async Task<(int ExitCode, byte[] Output)> ProbeAsync(Instance instance, IReadOnlyList<string> command, int limit, CancellationToken cancellationToken)
    {
        var config = new ExecConfig { Cmd = command, AttachStdout = true, AttachStderr = true };
        var session = new ExecSession(InstanceNames.NewId(), instance, config) { Hidden = true, CreatedAt = _context.Clock.GetUtcNow() };
        session.TryBegin();
        _sessions[session.Id] = session;
        try
        {
            SupervisedStream stream = await _context.Supervisor.AttachAsync(
                new AttachRequest { Id = instance.Id, ExecId = session.Id, Stdout = true, Stderr = true }, cancellationToken);
            await using Stream output = stream.Stream;
            await RunAsync(session, null);
            byte[] text = await FrameReader.CollectAsync(output, limit, cancellationToken);
            return (await session.Exit.Task.WaitAsync(cancellationToken), text);
        }
        catch (OperationCanceledException) when (session.Running)
        {
            await _context.Supervisor.SignalAsync(instance.Id, session.Id, SignalNames.Kill, CancellationToken.None);
            throw;
        }
        finally
        {
            _sessions.TryRemove(session.Id, out _);
        }
    }

    internal async Task EndedAsync(SupervisedProcess process)
    {
        if (_sessions.TryGetValue(process.ExecId!, out ExecSession? session) && session.Instance.Id == process.Id)
        {
            session.EndedAt = _context.Clock.GetUtcNow();
            session.Exit.TrySetResult(process.ExitCode ?? 255);
            if (!session.Hidden)
                _context.Events.Publish(session.Instance, "exec_die", ("execID", session.Id), ("exitCode", (process.ExitCode ?? 255).ToString()));
        }
        await _context.Supervisor.ForgetAsync(process.Id, process.ExecId, CancellationToken.None);
    }

    /// <summary>Sessions of an earlier life of the engine, found running.</summary>
    internal void Adopt(SupervisedProcess process)
    {
        if (process.ExecId is null || _sessions.ContainsKey(process.ExecId) || _context.Registry.Find(process.Id) is not { } instance)
            return;
        var session = new ExecSession(process.ExecId, instance, new ExecConfig { Cmd = ["?"], Tty = process.Tty }) { Pid = process.Pid, CreatedAt = process.StartedAt };
        session.TryBegin();
        _sessions[session.Id] = session;
    }

    private ExecSession Begin(string execId)
    {
        ExecSession session = Get(execId);
        CheckRunning(session.Instance);
        return session.TryBegin() ? session : throw EngineException.Conflict($"exec {execId} has been started already: create another one");
    }

    private async Task RunAsync(ExecSession session, IReadOnlyList<int>? size)
    {
        ExecConfig config = session.Config;
        InstanceDefinition definition = session.Instance.Definition;
        size ??= config.ConsoleSize;
        ExecRequest request = (definition.IsMachine ? InMachine(session) : InContainer(session)) with
        {
            Tty = config.Tty,
            OpenStdin = config.AttachStdin,
            ConsoleSize = size is [> 0 and var rows, > 0 and var columns] ? new TerminalSize(rows, columns) : null,
        };
        StartResult started = await TranslatedAsync(session, () => _context.Supervisor.ExecAsync(request, CancellationToken.None));
        session.Pid = started.Pid;
        if (!session.Hidden)
            _context.Events.Publish(session.Instance, $"exec_start: {string.Join(' ', config.Cmd!)}", ("execID", session.Id));
    }

    // The sandbox gets a helper that asks the machine for the process and carries its streams; user and directory are the guest's affair.
    private ExecRequest InMachine(ExecSession session)
    {
        InstanceDefinition definition = session.Instance.Definition;
        WorkloadConfig workload = MachinePlan.Exec(definition, _specs.HostName(definition), session.Config);
        string json = JsonSerializer.Serialize(workload, ControlJson.Default.WorkloadConfig);
        return new ExecRequest
        {
            ContainerId = definition.Id,
            ExecId = session.Id,
            Process = MachineSpec.Exec(definition, json, session.Config.Tty),
            Seccomp = _specs.MachineFilter(definition),
        };
    }

    private ExecRequest InContainer(ExecSession session)
    {
        ExecConfig config = session.Config;
        InstanceDefinition definition = session.Instance.Definition;
        RuntimeSpec spec = _specs.Build(definition, joins: false);
        ProcessSpec process = spec.Process! with
        {
            Terminal = config.Tty,
            ConsoleSize = null,
            Args = config.Cmd!,
            Env = ConfigMerge.Environment(config.Tty ? ["TERM=xterm"] : [], ConfigMerge.Environment(spec.Process.Env, config.Env)),
            Cwd = string.IsNullOrEmpty(config.WorkingDir) ? spec.Process.Cwd : config.WorkingDir,
            Capabilities = config.Privileged ? SpecBuilder.Capabilities(_context.Host.Capabilities) : spec.Process.Capabilities,
        };
        string? user = string.IsNullOrEmpty(config.User) ? definition.Config.User : config.User;
        return new ExecRequest
        {
            ContainerId = definition.Id,
            ExecId = session.Id,
            Process = process,
            User = string.IsNullOrEmpty(user) ? null : user,
            GroupAdd = definition.HostConfig.GroupAdd ?? [],
            Seccomp = config.Privileged ? null : spec.Linux!.Seccomp,
        };
    }

    private static async Task<T> TranslatedAsync<T>(ExecSession session, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (SupervisorException e)
        {
            // Clients read 126 and 127 from the session.
            if (e.ExitCode is 126 or 127)
                session.Exit.TrySetResult(e.ExitCode);
            throw SupervisorErrors.Translate(e, "OCI runtime exec failed: ");
        }
    }

    private static void CheckRunning(Instance instance)
    {
        if (instance.State.Status == InstanceStatus.Paused)
            throw EngineException.Conflict($"Container {instance.Id} is paused, unpause the container before exec");
        if (instance.State.Status == InstanceStatus.Restarting)
            throw EngineException.Conflict($"Container {instance.Id} is restarting, wait until the container is running");
        if (!instance.State.IsRunning)
            throw EngineException.Conflict($"container {instance.Id} is not running");
    }

    private ExecSession Get(string execId) => _sessions.TryGetValue(execId, out ExecSession? session) && !session.Hidden
        ? session
        : throw EngineException.NotFound($"No such exec instance: {execId}");

    private void Sweep()
    {
        DateTimeOffset limit = _context.Clock.GetUtcNow() - Kept;
        foreach (ExecSession session in _sessions.Values)
        {
            bool idle = session.EndedAt < limit || (session.EndedAt is null && !session.Running && session.CreatedAt < limit);
            if (idle || _context.Registry.Find(session.Instance.Id) != session.Instance)
                _sessions.TryRemove(session.Id, out _);
        }
    }
}
