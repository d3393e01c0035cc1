using Berth.Containers.Supervision;

namespace Berth.Engine.Supervision;

/// <summary>The calls of the supervisor that the engine uses; a double stands in for it in tests.</summary>
internal interface ISupervisor
{
    Task EnsureRunningAsync(CancellationToken cancellationToken);

    Task<StartResult> StartAsync(StartRequest request, CancellationToken cancellationToken);

    Task<StartResult> ExecAsync(ExecRequest request, CancellationToken cancellationToken);

    Task SignalAsync(string id, string? execId, int signal, CancellationToken cancellationToken);

    Task KillAllAsync(string id, CancellationToken cancellationToken);

    Task ResizeAsync(string id, string? execId, int rows, int columns, CancellationToken cancellationToken);

    Task<SupervisedStream> AttachAsync(AttachRequest request, CancellationToken cancellationToken);

    Task<IReadOnlyList<SupervisedProcess>> ListAsync(CancellationToken cancellationToken);

    IAsyncEnumerable<SupervisorEvent> WatchAsync(CancellationToken cancellationToken);

    Task ForgetAsync(string id, string? execId, CancellationToken cancellationToken);
}
