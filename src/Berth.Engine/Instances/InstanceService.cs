using Berth.Containers.Supervision;
using Berth.Engine.Configuration;
using Berth.Engine.Machines;
using Berth.Engine.Networks;
using Berth.Engine.State;
using Berth.Engine.Supervision;

namespace Berth.Engine.Instances;

/// <summary>Everything that can be done with instances. Names, full ids and unique id prefixes are accepted; errors are <see cref="EngineException"/>.</summary>
public sealed class InstanceService
{
    private const string DiskIsItsOwn = "its files are on a disk that its own kernel alone reads";
    private const string SendFiles = "exec NAME tar c PATH` and `berth exec -i NAME tar x";
    private readonly EngineContext _context;
    private readonly InstanceCreator _creator;
    private readonly InstanceRunner _runner;
    private readonly InstanceStopper _stopper;
    private readonly InstanceRemover _remover;
    private readonly InstanceChanger _changer;
    private readonly InstanceViews _views;
    private readonly InstanceUsage _usage;
    private readonly InstanceProcesses _processes;
    private readonly InstanceArchive _archive;
    private readonly MachineConsole _console;

    internal InstanceService(EngineContext context, SpecSource specs, InstanceRunner runner, InstanceRemover remover, InstanceViews views, InstanceNetworks networks)
    {
        _context = context;
        _runner = runner;
        _remover = remover;
        _views = views;
        _creator = new InstanceCreator(context, specs);
        _stopper = new InstanceStopper(context);
        _changer = new InstanceChanger(context, networks);
        _usage = new InstanceUsage(context);
        _processes = new InstanceProcesses(context);
        _archive = new InstanceArchive(context);
        _console = new MachineConsole(context);
    }

    /// <summary>Makes an instance; validates the whole request first. NotFound = the image is missing.</summary>
    public Task<CreateResult> CreateAsync(CreateRequest request, CancellationToken cancellationToken) => Task.FromResult(_creator.Create(request));

    /// <summary>Starts an instance; NotModified when it runs already. <see cref="EngineException.ExitCode"/> tells 126 and 127.</summary>
    public Task StartAsync(string nameOrId, CancellationToken cancellationToken) => _runner.StartAsync(Get(nameOrId), byUser: true, cancellationToken);

    /// <summary>Stops: signal, wait, kill. NotModified when it does not run. Negative <paramref name="timeoutSeconds"/> waits for ever.</summary>
    public Task StopAsync(string nameOrId, int? timeoutSeconds, string? signal, CancellationToken cancellationToken) =>
        _stopper.StopAsync(Get(nameOrId), timeoutSeconds, signal, restarting: false, cancellationToken);

    /// <summary>Sends a signal (name or number, unset = KILL); Conflict when the instance does not run.</summary>
    public Task KillAsync(string nameOrId, string? signal, CancellationToken cancellationToken) => _stopper.KillAsync(Get(nameOrId), signal, cancellationToken);

    /// <summary>Stops if running, then starts.</summary>
    public async Task RestartAsync(string nameOrId, int? timeoutSeconds, string? signal, CancellationToken cancellationToken)
    {
        Instance instance = Get(nameOrId);
        try
        {
            if (instance.State.IsRunning || instance.State.Status == InstanceStatus.Restarting)
                await _stopper.StopAsync(instance, timeoutSeconds, signal, restarting: true, cancellationToken);
            await _runner.StartAsync(instance, byUser: true, CancellationToken.None);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotModified)
        {
            // It ended, or another client started it, at the same moment.
            if (!instance.State.IsRunning)
                await _runner.StartAsync(instance, byUser: true, CancellationToken.None);
        }
        finally
        {
            instance.ExpectRestart = false;
        }
        _context.Events.Publish(instance, "restart");
    }

    /// <summary>Freezes every process.</summary>
    public Task PauseAsync(string nameOrId, CancellationToken cancellationToken) => _changer.PauseAsync(Get(nameOrId), cancellationToken);

    /// <summary>Thaws every process.</summary>
    public Task UnpauseAsync(string nameOrId, CancellationToken cancellationToken) => _changer.UnpauseAsync(Get(nameOrId), cancellationToken);

    /// <summary>Gives a new name; Conflict when it is taken.</summary>
    public Task RenameAsync(string nameOrId, string newName, CancellationToken cancellationToken) => _changer.RenameAsync(Get(nameOrId), newName, cancellationToken);

    /// <summary>Changes limits (live) and the restart policy.</summary>
    public Task<UpdateResult> UpdateAsync(string nameOrId, UpdateConfig update, CancellationToken cancellationToken) => _changer.UpdateAsync(Get(nameOrId), update, cancellationToken);

    /// <summary>Removes an instance; <paramref name="volumes"/> also its anonymous volumes; Conflict when it runs and not <paramref name="force"/>.</summary>
    public async Task RemoveAsync(string nameOrId, bool force, bool volumes, CancellationToken cancellationToken)
    {
        Instance instance = Get(nameOrId);
        if (!force)
        {
            await RemoveStoppedAsync(instance, volumes, cancellationToken);
            return;
        }
        // A start that waits for its turn must not come between the kill and the removal.
        instance.BeginForcedRemoval();
        try
        {
            await _stopper.ForceAsync(instance, cancellationToken);
            await RemoveStoppedAsync(instance, volumes, cancellationToken);
        }
        finally
        {
            instance.EndForcedRemoval();
        }
    }

    private async Task RemoveStoppedAsync(Instance instance, bool volumes, CancellationToken cancellationToken)
    {
        await instance.Gate.WaitAsync(cancellationToken);
        try
        {
            if (_context.Registry.Find(instance.Id) != instance)
                return; // its end removed it already
            if (instance.State.IsRunning)
            {
                string what = instance.State.Status == InstanceStatus.Paused ? "paused: unpause and then stop the container before removal or force remove"
                    : "running: stop the container before removal or force remove";
                throw EngineException.Conflict($"cannot remove container \"/{instance.Name}\": container is {what}");
            }
            if (instance.State.Status == InstanceStatus.Restarting)
                throw EngineException.Conflict($"cannot remove container \"/{instance.Name}\": container is restarting: stop the container before removal or force remove");
            await _remover.RemoveHeldAsync(instance, volumes);
        }
        finally
        {
            instance.Gate.Release();
        }
    }

    /// <summary>
    /// Waits for an end. The wait is registered when this method returns, and an unknown instance is thrown by the call itself, so that a
    /// caller can send its response head before awaiting.
    /// </summary>
    public Task<WaitResult> WaitAsync(string nameOrId, WaitCondition condition, CancellationToken cancellationToken)
    {
        Instance instance = Get(nameOrId);
        Task<WaitResult> next = instance.Exits.Next;
        Task<WaitResult> stopped = instance.Exits.Stopped;
        InstanceState state = instance.State;
        Task<WaitResult> wait = condition switch
        {
            WaitCondition.Removed => instance.Exits.Removed,
            WaitCondition.NextExit => next,
            _ when state.IsRunning || state.Status == InstanceStatus.Restarting => stopped,
            _ => Task.FromResult(new WaitResult { StatusCode = state.ExitCode }),
        };
        return wait.WaitAsync(cancellationToken);
    }

    /// <summary>Connects to the workload's input and output; works before the start too.</summary>
    public async Task<Attachment> AttachAsync(string nameOrId, AttachOptions options, CancellationToken cancellationToken)
    {
        Instance instance = Get(nameOrId);
        if (instance.State.Status == InstanceStatus.Paused)
            throw EngineException.Conflict($"container {instance.Id} is paused, unpause the container before attach");
        InstanceConfig config = instance.Definition.Config;
        byte[]? keys = config.Tty && options.Stdin && config.OpenStdin ? DetachKeys.Parse(options.DetachKeys) : null;
        try
        {
            SupervisedStream stream = await _context.Supervisor.AttachAsync(
                new AttachRequest
                {
                    Id = instance.Id,
                    Stdin = options.Stdin && config.OpenStdin,
                    Stdout = options.Stdout,
                    Stderr = options.Stderr && !config.Tty,
                    Logs = options.Logs,
                    LogDirectory = options.Logs ? _context.Paths.Logs(instance.Id) : null,
                    Stream = options.Stream,
                },
                cancellationToken);
            if (!instance.State.IsRunning)
                _ = EndWithRemovalAsync(instance, instance.State.StartedAt, stream.Stream);
            _context.Events.Publish(instance, "attach");
            return new Attachment(keys is null ? stream.Stream : new ClientStream(stream.Stream, keys, null), config.Tty, stream.CompleteInput);
        }
        catch (SupervisorException e)
        {
            throw SupervisorErrors.Translate(e);
        }
    }

    /// <summary>The serial console of a virtual machine: its history, then live both ways unless it does not run or <paramref name="live"/> is false.</summary>
    public Task<Attachment> OpenConsoleAsync(string nameOrId, bool live, CancellationToken cancellationToken) => _console.OpenAsync(Get(nameOrId), live, cancellationToken);

    // Who waits for a start that can no longer come must not wait for ever.
    private static async Task EndWithRemovalAsync(Instance instance, DateTimeOffset? lastStart, Stream stream)
    {
        await instance.Exits.Removed;
        if (instance.State.StartedAt == lastStart)
            await stream.DisposeAsync();
    }

    /// <summary>Logged output. A wrong request or instance is thrown by the call itself. <see cref="IsTty"/> decides the framing.</summary>
    public IAsyncEnumerable<LogEntry> Logs(string nameOrId, LogOptions options, CancellationToken cancellationToken)
    {
        Instance instance = Get(nameOrId);
        if (!options.Stdout && !options.Stderr)
            throw EngineException.Invalid("Bad parameters: you must choose at least one stream: give stdout=1 or stderr=1");
        if (instance.Definition.HostConfig.LogConfig?.Type == "none")
            throw EngineException.NotImplemented("configured logging driver does not support reading: start the instance with --log-driver json-file or local");
        return InstanceLogs.ReadAsync(_context, instance, options, cancellationToken);
    }

    /// <summary>Whether the instance has a terminal.</summary>
    public bool IsTty(string nameOrId) => Get(nameOrId).Definition.Config.Tty;

    /// <summary>Sets the terminal's size.</summary>
    public async Task ResizeAsync(string nameOrId, int height, int width, CancellationToken cancellationToken)
    {
        Instance instance = Get(nameOrId);
        TerminalSizes.Check(height, width);
        if (!instance.State.IsRunning)
            throw EngineException.Conflict($"container {instance.Id} is not running");
        try
        {
            await _context.Supervisor.ResizeAsync(instance.Id, null, height, width, cancellationToken);
            _context.Events.Publish(instance, "resize", ("height", height.ToString()), ("width", width.ToString()));
        }
        catch (SupervisorException e)
        {
            throw SupervisorErrors.Translate(e);
        }
    }

    /// <summary>Processes as ps(1) shows them; unset arguments = <c>-ef</c>.</summary>
    public Task<TopResult> TopAsync(string nameOrId, string? psArguments, CancellationToken cancellationToken) =>
        _processes.ListAsync(Container(nameOrId, "its processes are its own kernel's", "exec NAME ps"), psArguments, cancellationToken);

    /// <summary>Samples of resource usage: with <paramref name="stream"/> one a second for ever, else one (two apart unless <paramref name="oneShot"/>).</summary>
    public IAsyncEnumerable<InstanceStats> Stats(string nameOrId, bool stream, bool oneShot, CancellationToken cancellationToken) =>
        _usage.SampleAsync(Get(nameOrId), stream, oneShot, cancellationToken);

    /// <summary>Everything known; <paramref name="size"/> also measures the writable layer.</summary>
    public InstanceInspect Inspect(string nameOrId, bool size = false) => _views.Inspect(Get(nameOrId), size);

    /// <summary>Running (or all) instances, newest first; a <paramref name="limit"/> above 0 implies all.</summary>
    public IReadOnlyList<InstanceSummary> List(bool all, int limit, bool size, FilterSet filters) =>
        [.. InstanceFilter.Select(_context, all, limit, filters).Select(instance => _views.Summary(instance, size))];

    /// <summary>Paths that differ from the image.</summary>
    public Task<IReadOnlyList<FilesystemChange>> ChangesAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Instance instance = Container(nameOrId, DiskIsItsOwn, "exec NAME find / -xdev -newer FILE");
        return Task.Run(() => _archive.Changes(instance), cancellationToken);
    }

    /// <summary>Facts of a path inside the instance.</summary>
    public PathStat StatPath(string nameOrId, string path) => _archive.Stat(Container(nameOrId, DiskIsItsOwn, SendFiles), path);

    /// <summary>Writes a path inside the instance as a tar archive.</summary>
    public Task CopyOutAsync(string nameOrId, string path, Stream tar, CancellationToken cancellationToken) => _archive.CopyOutAsync(Container(nameOrId, DiskIsItsOwn, SendFiles), path, tar, cancellationToken);

    /// <summary>Unpacks a tar archive (plain, gzip or zstd) into a directory inside the instance.</summary>
    public Task CopyInAsync(string nameOrId, string path, Stream tar, CopyInOptions options, CancellationToken cancellationToken) =>
        _archive.CopyInAsync(Container(nameOrId, DiskIsItsOwn, SendFiles), path, tar, options, cancellationToken);

    /// <summary>Writes the whole file system as a tar archive.</summary>
    public Task ExportAsync(string nameOrId, Stream tar, CancellationToken cancellationToken) => _archive.ExportAsync(Container(nameOrId, DiskIsItsOwn, "exec NAME tar c -X /proc -X /sys -X /dev /"), tar, cancellationToken);

    /// <summary>Makes an image of the instance; gives the image's id.</summary>
    public Task<string> CommitAsync(CommitRequest request, CancellationToken cancellationToken)
    {
        Instance instance = Container(request.Container, DiskIsItsOwn, "import of what `berth exec NAME tar c /` writes");
        Task<string> Commit() => _archive.CommitAsync(instance, request, cancellationToken);
        return request.Pause && instance.State.Status == InstanceStatus.Running ? _changer.WhilePausedAsync(instance, Commit) : Commit();
    }

    /// <summary>Removes every instance that does not run (filters: <c>until</c>, <c>label</c>, <c>label!</c>).</summary>
    public async Task<PruneResult> PruneAsync(FilterSet filters, CancellationToken cancellationToken)
    {
        filters.Allow("until", "label", "label!");
        DateTimeOffset? until = filters["until"] is [var text, ..] ? DockerTime.Parse(text, "until", _context.Clock.GetUtcNow()) : null;
        var deleted = new List<string>();
        long space = 0;
        foreach (Instance instance in _context.Registry.All)
        {
            bool chosen = instance.State.Status is InstanceStatus.Created or InstanceStatus.Exited or InstanceStatus.Dead
                && (until is not { } u || instance.Definition.CreatedAt < u) && filters.MatchPruneLabels(instance.Definition.Config.Labels);
            if (!chosen)
                continue;
            try
            {
                long size = _views.WritableSize(instance);
                await RemoveAsync(instance.Id, force: false, volumes: false, cancellationToken);
                space += size;
                deleted.Add(instance.Id);
            }
            catch (EngineException e) when (e.Kind is EngineErrorKind.Conflict or EngineErrorKind.NotFound)
            {
                // Started or removed meanwhile.
            }
        }
        return new PruneResult { ContainersDeleted = deleted, SpaceReclaimed = space };
    }

    // What works on files or processes through the host's kernel.
    private Instance Container(string nameOrId, string why, string instead) => Get(nameOrId) is { Definition.IsMachine: false } instance
        ? instance
        : throw EngineException.NotImplemented($"not for a virtual machine: {why}: use `berth {instead.Replace("NAME", nameOrId, StringComparison.Ordinal)}`");

    private Instance Get(string nameOrId) => _context.Registry.Get(nameOrId);
}
