namespace Berth.Supervisor.Events;

/// <summary>Work that is due later, unless disposed before.</summary>
internal sealed class LoopTimer(Action action) : IDisposable
{
    private Action? _action = action;

    public void Fire() => Interlocked.Exchange(ref _action, null)?.Invoke();

    public void Dispose() => _action = null;
}
