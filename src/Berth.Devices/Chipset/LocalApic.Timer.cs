namespace Berth.Devices.Chipset;

/// <summary>The timer: one-shot, periodic, TSC deadline. Spec: [SDM3] 11.5.4.</summary>
public sealed partial class LocalApic
{
    /// <inheritdoc/>
    public ulong TscDeadline
    {
        get { lock (_gate) return _deadline; }
        set
        {
            lock (_gate)
            {
                // Writes in other timer modes are ignored. [SDM3] 11.5.4.1
                if (TimerMode != DeadlineMode) return;
                _deadline = value;
                Schedule();
            }
        }
    }

    private uint TimerMode => (_lvt[0] >> 17) & 3;

    private ulong TimerShift => ((_divide & 3) | ((_divide >> 1) & 4)) switch { 7 => 0, uint d => d + 1 };

    private ulong Period => (ulong)_initialCount << (int)TimerShift;

    private void Schedule()
    {
        if (TimerMode == DeadlineMode)
        {
            if (_deadline == 0) _timer.Disarm();
            else if (_timers.Clock.ReadTsc() >= _deadline) TimerFires();
            else _timer.Arm(_timers.Clock.NanosecondsAt(_deadline));
            return;
        }
        if (_initialCount == 0 || TimerMode == 3)
        {
            _timer.Disarm();
            return;
        }
        if (TimerMode == PeriodicMode)
        {
            ulong now = _timers.Now, next = _timerStart + ((now - _timerStart) / Period + 1) * Period;
            _timer.Arm(Period < ShortestPeriod ? Math.Max(next, now + ShortestPeriod) : next);
        }
        // Also when the time has come already: this thread may have been held up since the count was written.
        else if (!_ranOut) _timer.Arm(_timerStart + Period);
        else _timer.Disarm();
    }

    private void TimerDue()
    {
        lock (_gate)
        {
            // Armed anew or stopped since the queue took the timer.
            if (_timer.Deadline is not null) return;
            if (TimerMode == DeadlineMode)
            {
                if (_deadline != 0 && _timers.Clock.ReadTsc() >= _deadline) TimerFires();
                else if (_deadline != 0) Schedule();
                return;
            }
            if (_initialCount == 0) return;
            if (TimerMode == OneShot)
            {
                if (_ranOut || _timers.Now - _timerStart < Period) return;
                _ranOut = true;
            }
            TimerFires();
            if (TimerMode == PeriodicMode) Schedule();
        }
    }

    private void TimerFires()
    {
        _deadline = 0;
        if ((_lvt[0] & Masked) == 0) Request((byte)_lvt[0], level: false);
    }

    private uint Count()
    {
        if (_initialCount == 0 || TimerMode > PeriodicMode) return 0;
        ulong passed = _timers.Now - _timerStart;
        if (TimerMode == OneShot && passed >= Period) return 0;
        return (uint)((Period - passed % Period) >> (int)TimerShift);
    }

    // The count goes on from where it stands, at the new speed.
    private void WriteDivide(uint value)
    {
        if (value == _divide) return;
        ulong left = Count();
        _divide = value;
        if (_initialCount == 0 || TimerMode == DeadlineMode) return;
        ulong done = Period - Math.Min(Period, left << (int)TimerShift);
        _timerStart = _timers.Now - Math.Min(_timers.Now, done);
        Schedule();
    }
}
