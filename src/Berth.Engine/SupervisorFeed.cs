using Berth.Containers.Supervision;
using Berth.Engine.Builds;
using Berth.Engine.Execs;
using Berth.Engine.Instances;

namespace Berth.Engine;

/// <summary>Follows the supervisor's news for as long as the engine lives; starts the supervisor again when it dies.</summary>
internal sealed class SupervisorFeed(EngineContext context, InstanceRunner runner, ExecService execs, StepProcesses steps, Recovery recovery)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly TaskCompletionSource _replayed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _replay = [];

    /// <summary>Done when every end of the time before was recorded.</summary>
    public Task Replayed => _replayed.Task;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await foreach (SupervisorEvent news in context.Supervisor.WatchAsync(cancellationToken))
                    await TakeAsync(news);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                EngineLog.FeedLost(context.Log, e);
            }
            await ReconnectAsync(cancellationToken);
        }
    }

    private async Task ReconnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Pause, context.Clock, cancellationToken);
            await context.Supervisor.EnsureRunningAsync(cancellationToken);
            await recovery.ReconcileAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The engine lets go.
        }
        catch (Exception e)
        {
            EngineLog.FeedLost(context.Log, e);
        }
    }

    private async Task TakeAsync(SupervisorEvent news)
    {
        if (news.Kind == SupervisorEventKind.Replayed)
        {
            await Task.WhenAll(_replay);
            _replay.Clear();
            _replayed.TrySetResult();
            return;
        }
        if (news.Process is not { } process)
            return;
        Task recorded = RecordAsync(process);
        if (!_replayed.Task.IsCompleted)
            _replay.Add(recorded);
    }

    private async Task EndedAsync(SupervisedProcess process)
    {
        await runner.EndedAsync(process);
        steps.SweepOrphan(process.Id);
    }

    private async Task RecordAsync(SupervisedProcess process)
    {
        await Task.Yield();
        try
        {
            if (process.ExecId is not null)
                await execs.EndedAsync(process);
            else if (!steps.TryEnd(process))
                await EndedAsync(process);
        }
        catch (Exception e)
        {
            // Not forgotten, so it is told again.
            EngineLog.Failed(context.Log, process.Id, "recording its end", e);
        }
    }
}
