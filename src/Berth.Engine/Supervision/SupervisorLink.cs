using Berth.Containers.Supervision;

namespace Berth.Engine.Supervision;

/// <summary>The real supervisor; started again, once a call, when it does not answer.</summary>
internal sealed class SupervisorLink(EngineOptions options) : ISupervisor, IDisposable
{
    private readonly SupervisorPaths _paths = new(options.RunRoot, options.DataRoot);
    private readonly SupervisorClient _client = new(new SupervisorPaths(options.RunRoot, options.DataRoot).Socket);
    private readonly SemaphoreSlim _launching = new(1, 1);

    public async Task EnsureRunningAsync(CancellationToken cancellationToken)
    {
        await _launching.WaitAsync(cancellationToken);
        try
        {
            await SupervisorLauncher.EnsureRunningAsync(_paths, options.SupervisorPath, cancellationToken);
        }
        finally
        {
            _launching.Release();
        }
    }

    public Task<StartResult> StartAsync(StartRequest request, CancellationToken cancellationToken) =>
        CallAsync(() => _client.StartAsync(request, cancellationToken), cancellationToken);

    public Task<StartResult> ExecAsync(ExecRequest request, CancellationToken cancellationToken) =>
        CallAsync(() => _client.ExecAsync(request, cancellationToken), cancellationToken);

    public Task SignalAsync(string id, string? execId, int signal, CancellationToken cancellationToken) =>
        CallAsync(() => _client.SignalAsync(id, execId, signal, cancellationToken), cancellationToken);

    public Task KillAllAsync(string id, CancellationToken cancellationToken) =>
        CallAsync(() => _client.KillAllAsync(id, cancellationToken), cancellationToken);

    public Task ResizeAsync(string id, string? execId, int rows, int columns, CancellationToken cancellationToken) =>
        CallAsync(() => _client.ResizeAsync(id, execId, rows, columns, cancellationToken), cancellationToken);

    public async Task<SupervisedStream> AttachAsync(AttachRequest request, CancellationToken cancellationToken)
    {
        AttachStream stream = await CallAsync(() => _client.AttachAsync(request, cancellationToken), cancellationToken);
        return new SupervisedStream(stream, stream.CompleteInput);
    }

    public Task<IReadOnlyList<SupervisedProcess>> ListAsync(CancellationToken cancellationToken) =>
        CallAsync(() => _client.ListAsync(cancellationToken), cancellationToken);

    public IAsyncEnumerable<SupervisorEvent> WatchAsync(CancellationToken cancellationToken) => _client.WatchAsync(cancellationToken);

    public Task ForgetAsync(string id, string? execId, CancellationToken cancellationToken) =>
        CallAsync(() => _client.ForgetAsync(id, execId, cancellationToken), cancellationToken);

    public void Dispose()
    {
        _client.Dispose();
        _launching.Dispose();
    }

    private async Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (SupervisorException e) when (e.Kind == SupervisorErrorKind.Unavailable)
        {
            await EnsureRunningAsync(cancellationToken);
            return await call();
        }
    }

    private Task<bool> CallAsync(Func<Task> call, CancellationToken cancellationToken) => CallAsync(
        async () =>
        {
            await call();
            return true;
        },
        cancellationToken);
}
