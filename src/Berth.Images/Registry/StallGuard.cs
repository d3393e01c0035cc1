namespace Berth.Images.Registry;

/// <summary>Gives up on a transfer that stands still.</summary>
internal sealed class StallGuard : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _caller;
    private readonly TimeSpan _limit;

    public StallGuard(TimeSpan limit, CancellationToken caller)
    {
        _limit = limit;
        _caller = caller;
        _source = CancellationTokenSource.CreateLinkedTokenSource(caller);
        Moved();
    }

    /// <summary>Cancelled when the caller gives up or nothing moved for too long.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether it was the standstill, not the caller.</summary>
    public bool Stalled => _source.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Something moved.</summary>
    public void Moved() => _source.CancelAfter(_limit);

    public void Dispose() => _source.Dispose();
}
