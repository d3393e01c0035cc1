namespace Berth.Engine.Instances;

/// <summary>Waiters for the end of an instance.</summary>
internal sealed class ExitSignals
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<WaitResult> _next = New();
    private TaskCompletionSource<WaitResult> _stopped = New();
    private readonly TaskCompletionSource<WaitResult> _removed = New();
    private WaitResult _last = new();

    /// <summary>The next end of the workload, restarts by policy included.</summary>
    public Task<WaitResult> Next
    {
        get
        {
            lock (_lock)
                return _next.Task;
        }
    }

    /// <summary>The next end that no restart follows.</summary>
    public Task<WaitResult> Stopped
    {
        get
        {
            lock (_lock)
                return _stopped.Task;
        }
    }

    public Task<WaitResult> Removed => _removed.Task;

    public void Exited(WaitResult result, bool restarts)
    {
        TaskCompletionSource<WaitResult> next;
        TaskCompletionSource<WaitResult>? stopped = null;
        lock (_lock)
        {
            _last = result;
            (next, _next) = (_next, New());
            if (!restarts)
                (stopped, _stopped) = (_stopped, New());
        }
        next.TrySetResult(result);
        stopped?.TrySetResult(result);
    }

    public void Gone(int exitCode)
    {
        WaitResult result;
        lock (_lock)
        {
            result = _last with { StatusCode = exitCode };
            _next.TrySetResult(result);
            _stopped.TrySetResult(result);
        }
        _removed.TrySetResult(result);
    }

    private static TaskCompletionSource<WaitResult> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
