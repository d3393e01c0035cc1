using Berth.Linux;
using Berth.Machine;

namespace Berth.Devices.Timing;

/// <summary>All timers of a machine: one heap of deadlines in guest time and, once started, one thread that sleeps until the first.</summary>
public sealed class DeviceTimers : IDisposable
{
    // Armed timers leave dead entries behind; beyond this many the heap is rebuilt, so a guest that rearms in a loop costs no memory.
    private const int DeadEntriesKept = 256;

    private const int CallbacksPerRound = 1024;

    // Bounds the length of one sleep, not the accuracy of a deadline.
    private const ulong LongestSleep = 3_600_000_000_000;

    private readonly IGuestClock _clock;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<(DeviceTimer Timer, long Version), ulong> _heap = new();
    private readonly FileDescriptor _wake = Libc.OpenEvent();
    private Thread? _thread;
    private int _armed;
    private ulong _sleepUntil;
    private volatile bool _stopping;

    /// <summary>A queue that runs only by <see cref="RunDue"/> until it is started.</summary>
    public DeviceTimers(IGuestClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
    }

    /// <summary>Nanoseconds since the machine started.</summary>
    public ulong Now => _clock.NanosecondsAt(_clock.ReadTsc());

    /// <summary>The clock behind <see cref="Now"/>.</summary>
    public IGuestClock Clock => _clock;

    /// <summary>Makes a disarmed timer.</summary>
    public DeviceTimer CreateTimer(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return new DeviceTimer(this, callback);
    }

    /// <summary>Starts the thread that runs callbacks when they are due.</summary>
    public void Start()
    {
        if (_thread is not null) throw new InvalidOperationException("The timer queue has been started already.");
        _thread = new Thread(Loop) { IsBackground = true, Name = "timers" };
        _thread.Start();
    }

    /// <summary>Runs what is due now, in the order of deadlines, and gives the next deadline or null.</summary>
    public ulong? RunDue()
    {
        ulong now = Now;
        // Bounded: a callback that arms for the past cannot hold the caller for ever.
        for (int i = 0; ; i++)
        {
            DeviceTimer timer;
            lock (_gate)
            {
                if (!TryPeek(out (DeviceTimer Timer, long Version) first, out ulong deadline)) return null;
                if (deadline > now || i == CallbacksPerRound) return deadline;
                _heap.Dequeue();
                timer = first.Timer;
                timer.Deadline = null;
                timer.Version++;
                _armed--;
            }
            timer.Callback();
        }
    }

    internal void Arm(DeviceTimer timer, ulong deadline)
    {
        bool earlier;
        lock (_gate)
        {
            if (timer.Deadline is null) _armed++;
            timer.Deadline = deadline;
            timer.Version++;
            if (_heap.Count > _armed + DeadEntriesKept) Rebuild();
            _heap.Enqueue((timer, timer.Version), deadline);
            earlier = deadline < _sleepUntil;
        }
        if (earlier && _thread is not null) Libc.SignalEvent(_wake);
    }

    internal void Disarm(DeviceTimer timer)
    {
        lock (_gate)
        {
            if (timer.Deadline is null) return;
            timer.Deadline = null;
            timer.Version++;
            _armed--;
        }
    }

    private bool TryPeek(out (DeviceTimer Timer, long Version) first, out ulong deadline)
    {
        while (_heap.TryPeek(out first, out deadline))
        {
            if (first.Timer.Version == first.Version) return true;
            _heap.Dequeue();
        }
        return false;
    }

    private void Rebuild()
    {
        var alive = _heap.UnorderedItems.Where(e => e.Element.Timer.Version == e.Element.Version).ToArray();
        _heap.Clear();
        _heap.EnqueueRange(alive);
    }

    private void Loop()
    {
        Libc.SetTimerSlack(1);
        var fds = new Libc.pollfd[1];
        Span<byte> counter = stackalloc byte[8];
        while (!_stopping)
        {
            RunDue();
            ulong next;
            lock (_gate)
            {
                next = TryPeek(out _, out ulong deadline) ? deadline : ulong.MaxValue;
                _sleepUntil = next;
            }
            ulong now = Now;
            if (next > now)
            {
                fds[0] = new Libc.pollfd { fd = _wake.Number, events = Libc.POLLIN };
                if (Libc.PollPrecise(fds, Math.Min(next - now, LongestSleep)) > 0) Libc.TryRead(_wake, counter);
            }
            lock (_gate) _sleepUntil = 0;
        }
    }

    /// <summary>Ends the thread; no callback runs afterwards.</summary>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        if (_thread is not null)
        {
            Libc.SignalEvent(_wake);
            if (Thread.CurrentThread != _thread) _thread.Join();
        }
        _wake.Dispose();
    }
}
