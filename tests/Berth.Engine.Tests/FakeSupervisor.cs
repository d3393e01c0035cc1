using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Berth.Containers.Supervision;
using Berth.Engine.Supervision;

namespace Berth.Engine.Tests;

/// <summary>A supervisor that runs nothing: tests say how its processes end.</summary>
internal sealed class FakeSupervisor(TimeProvider clock) : ISupervisor
{
    private readonly ConcurrentDictionary<string, SupervisedProcess> _processes = new();
    private readonly List<Channel<SupervisorEvent>> _watchers = [];
    private int _pid = 1_000_000;

    public ConcurrentQueue<string> Starts { get; } = new();

    public ConcurrentQueue<(string Id, int Signal)> Signals { get; } = new();

    /// <summary>Ends a process for these signals.</summary>
    public HashSet<int> Obeys { get; } = [9, 15];

    public SupervisorException? RefuseStart { get; set; }

    /// <summary>Happens after everything was killed and before the answer.</summary>
    public Func<Task>? Killed { get; set; }

    public int Known => _processes.Count;

    public Task EnsureRunningAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<StartResult> StartAsync(StartRequest request, CancellationToken cancellationToken)
    {
        if (RefuseStart is { } refusal)
            throw refusal;
        var process = new SupervisedProcess { Id = request.Id, Pid = Interlocked.Increment(ref _pid), StartedAt = clock.GetUtcNow() };
        if (!_processes.TryAdd(request.Id, process))
            throw new SupervisorException(SupervisorErrorKind.Conflict, "known already");
        Starts.Enqueue(request.Id);
        return Task.FromResult(new StartResult(process.Pid, process.StartedAt, 0));
    }

    public Task<StartResult> ExecAsync(ExecRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SignalAsync(string id, string? execId, int signal, CancellationToken cancellationToken)
    {
        Signals.Enqueue((id, signal));
        if (Obeys.Contains(signal))
            End(id, 128 + signal);
        return Task.CompletedTask;
    }

    public Task KillAllAsync(string id, CancellationToken cancellationToken)
    {
        End(id, 137);
        return Killed?.Invoke() ?? Task.CompletedTask;
    }

    public Task ResizeAsync(string id, string? execId, int rows, int columns, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<SupervisedStream> AttachAsync(AttachRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(new SupervisedStream(Stream.Null, static () => { }));

    public Task<IReadOnlyList<SupervisedProcess>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<SupervisedProcess>>([.. _processes.Values]);

    public async IAsyncEnumerable<SupervisorEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<SupervisorEvent>();
        lock (_watchers)
        {
            foreach (SupervisedProcess ended in _processes.Values.Where(static p => !p.IsRunning))
                channel.Writer.TryWrite(new SupervisorEvent(SupervisorEventKind.Exited, ended));
            channel.Writer.TryWrite(new SupervisorEvent(SupervisorEventKind.Replayed, null));
            _watchers.Add(channel);
        }
        await foreach (SupervisorEvent news in channel.Reader.ReadAllAsync(cancellationToken))
            yield return news;
    }

    public Task ForgetAsync(string id, string? execId, CancellationToken cancellationToken)
    {
        _processes.TryRemove(id, out _);
        return Task.CompletedTask;
    }

    /// <summary>Everything is gone, as after a reboot.</summary>
    public void Reboot() => _processes.Clear();

    public void End(string id, int exitCode)
    {
        lock (_watchers)
        {
            if (!_processes.TryGetValue(id, out SupervisedProcess? process) || !process.IsRunning)
                return;
            process = process with { ExitCode = exitCode, FinishedAt = clock.GetUtcNow() };
            _processes[id] = process;
            foreach (Channel<SupervisorEvent> watcher in _watchers)
                watcher.Writer.TryWrite(new SupervisorEvent(SupervisorEventKind.Exited, process));
        }
    }
}
