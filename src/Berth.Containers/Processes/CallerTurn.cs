using System.Runtime.ExceptionServices;

namespace Berth.Containers.Processes;

/// <summary>Lets work on another thread have something done on the thread that waits for it.</summary>
internal sealed class CallerTurn
{
    private readonly object _turn = new();
    private Action? _wanted;
    private bool _ended;

    /// <summary>On the waiting thread: does what is asked until the work has ended.</summary>
    public void Serve()
    {
        lock (_turn)
        {
            while (true)
            {
                if (_wanted is { } action)
                {
                    action();
                    _wanted = null;
                    Monitor.PulseAll(_turn);
                }
                else if (_ended)
                {
                    return;
                }
                else
                {
                    Monitor.Wait(_turn);
                }
            }
        }
    }

    /// <summary>On the working thread: has it done and waits; throws what it threw.</summary>
    public void Do(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        lock (_turn)
        {
            _wanted = () =>
            {
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }
            };
            Monitor.PulseAll(_turn);
            while (_wanted is not null) Monitor.Wait(_turn);
        }
        failure?.Throw();
    }

    /// <summary>On the working thread: nothing more will be asked.</summary>
    public void End()
    {
        lock (_turn)
        {
            _ended = true;
            Monitor.PulseAll(_turn);
        }
    }
}
