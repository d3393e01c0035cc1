using Berth.Linux;

namespace Berth.Supervisor.Events;

/// <summary>The one thread that serves every pipe, terminal, process and connection: epoll, posted work and timers. All state lives on it.</summary>
internal sealed class EventLoop : IDisposable
{
    private readonly FileDescriptor _epoll = Libc.OpenEpoll();
    private readonly FileDescriptor _wake = Libc.OpenEvent();
    private readonly Dictionary<ulong, Registration> _registrations = [];
    private readonly PriorityQueue<LoopTimer, long> _timers = new();
    private readonly TimeProvider _clock;
    private readonly SupervisorLog _log;
    private readonly Lock _lock = new();
    private Queue<Action> _posted = new();
    private Queue<Action> _running = new();
    private ulong _lastToken;
    private volatile bool _stopped;

    public EventLoop(TimeProvider clock, SupervisorLog log)
    {
        _clock = clock;
        _log = log;
        Libc.ControlEpoll(_epoll, Libc.EPOLL_CTL_ADD, _wake, Libc.EPOLLIN, 0);
    }

    /// <summary>Bytes any handler may use until it returns.</summary>
    public byte[] Scratch { get; } = new byte[Containers.Logs.LogWriter.ReservedBefore + Containers.Logs.LogWriter.MaxPayload + Containers.Logs.LogWriter.ReservedAfter];

    public TimeProvider Clock => _clock;

    /// <summary>Calls <paramref name="handler"/> with the events of a descriptor; level-triggered unless EPOLLET is asked for.</summary>
    public Registration Register(FileDescriptor descriptor, uint events, Action<uint> handler)
    {
        Registration registration = new(this, descriptor, ++_lastToken, handler);
        _registrations.Add(registration.Token, registration);
        registration.Events = events;
        return registration;
    }

    /// <summary>Runs an action on the loop, soon; from any thread.</summary>
    public void Post(Action action)
    {
        lock (_lock)
            _posted.Enqueue(action);
        Libc.SignalEvent(_wake);
    }

    /// <summary>Runs an action on the loop after a time; dispose the result to call it off.</summary>
    public LoopTimer Schedule(TimeSpan delay, Action action)
    {
        LoopTimer timer = new(action);
        _timers.Enqueue(timer, _clock.GetTimestamp() + (long)(delay.TotalSeconds * _clock.TimestampFrequency));
        return timer;
    }

    /// <summary>Serves until <see cref="Stop"/>.</summary>
    public void Run()
    {
        Span<Libc.epoll_event> events = stackalloc Libc.epoll_event[64];
        Span<byte> counter = stackalloc byte[8];
        while (!_stopped)
        {
            int count = Libc.WaitEpoll(_epoll, events, Timeout());
            for (int i = 0; i < count; i++)
            {
                if (events[i].data == 0)
                    Libc.TryRead(_wake, counter);
                else if (_registrations.TryGetValue(events[i].data, out Registration? registration)) // else: gone by an earlier event
                    Guard(registration, events[i].events);
            }
            RunPosted();
            RunTimers();
        }
    }

    /// <summary>Lets <see cref="Run"/> return; from any thread.</summary>
    public void Stop()
    {
        _stopped = true;
        Libc.SignalEvent(_wake);
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }

    internal void Control(int operation, Registration registration, uint events) =>
        Libc.ControlEpoll(_epoll, operation, registration.Descriptor, events, registration.Token);

    internal void Remove(Registration registration) => _registrations.Remove(registration.Token);

    private int Timeout()
    {
        if (!_timers.TryPeek(out _, out long due))
            return -1;
        double milliseconds = (due - _clock.GetTimestamp()) * 1000.0 / _clock.TimestampFrequency;
        return (int)Math.Clamp(Math.Ceiling(milliseconds), 0, 60_000);
    }

    private void RunPosted()
    {
        lock (_lock)
            (_posted, _running) = (_running, _posted);
        while (_running.TryDequeue(out Action? action))
            Guard(action);
    }

    private void RunTimers()
    {
        while (_timers.TryPeek(out LoopTimer? timer, out long due) && due <= _clock.GetTimestamp())
        {
            _timers.Dequeue();
            Guard(timer.Fire);
        }
    }

    // One connection's or container's failure must not end all others: it is written down and the rest goes on.
    private void Guard(Registration registration, uint events)
    {
        try
        {
            registration.Handle(events);
        }
        catch (Exception e)
        {
            _log.Error($"event handler failed, its descriptor is no longer watched: {e}");
            registration.Dispose();
        }
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            _log.Error($"posted work failed: {e}");
        }
    }
}
