using Berth.Engine.Instances;

namespace Berth.Engine.State;

/// <summary>
/// Records what has happened to instances. A full disk cannot undo an exit or a stop: memory takes it at once, and the record follows as soon
/// as there is room. Until then the supervisor must not forget, so that a crash loses nothing either.
/// </summary>
internal sealed class StateWriter(StateStore store, TimeProvider clock, CancellationToken stopping)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>For the holder of the instance's gate. True when it is on disk; else <paramref name="written"/> is called once it is.</summary>
    public bool Save(Instance instance, InstanceState state, Func<Task>? written = null)
    {
        instance.State = state;
        try
        {
            store.SaveState(instance.Id, state);
            return true;
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NoSpace)
        {
            _ = LaterAsync(instance, state, written);
            return false;
        }
    }

    private async Task LaterAsync(Instance instance, InstanceState state, Func<Task>? written)
    {
        try
        {
            for (bool saved = false; !saved;)
            {
                await Task.Delay(Pause, clock, stopping);
                await instance.Gate.WaitAsync(stopping);
                try
                {
                    // A later change writes itself, and the supervisor has another process to tell of by then.
                    if (!ReferenceEquals(instance.State, state))
                        return;
                    store.SaveState(instance.Id, state);
                    saved = true;
                    if (written is not null)
                        await written();
                }
                catch (EngineException e) when (e.Kind == EngineErrorKind.NoSpace)
                {
                    // Still full.
                }
                finally
                {
                    instance.Gate.Release();
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or IOException)
        {
            // The engine lets go; what the supervisor still knows is told to the next one.
        }
    }
}
