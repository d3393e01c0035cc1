using System.Diagnostics;

namespace Berth.Cpu.Direct;

/// <summary>Decides when user code is worth running directly: going there and back costs as much as tens of thousands of instructions, and so does each
/// group of pages that is touched there for the first time.</summary>
internal sealed class DirectPolicy
{
    /// <summary>Entries into user code between two interrupts of it, the timer's as a rule, up to which it counts as busy with itself.</summary>
    private const int FewEntries = 8;

    /// <summary>Stays are judged together, so many at a time.</summary>
    private const int Judged = 16;

    /// <summary>After stays that did not pay, so many interrupts pass before the next try; twice as many each time.</summary>
    private const int FirstPause = 2, LongestPause = 64;

    // What it takes to let the other process run and to hear that it has stopped; not the guest's time, though it passes there.
    private static readonly long s_switch = 10 * Stopwatch.Frequency / 1_000_000;

    private int _entries, _stays, _pause, _nextPause = FirstPause;
    private long _ticks, _useful;

    /// <summary>Whether user code runs directly at the moment.</summary>
    public bool IsHot { get; private set; }

    /// <summary>The kernel has gone to user code.</summary>
    public void Entered() => _entries++;

    /// <summary>An interrupt from outside has come while user code ran.</summary>
    public void Interrupted()
    {
        if (_pause > 0) _pause--;
        else if (_entries <= FewEntries) IsHot = true;
        _entries = 0;
    }

    /// <summary>User code was run directly: ticks of the stopwatch for all of it, those in which the other process was let run, and how often it was.</summary>
    public void Stayed(long ticks, long inside, int runs)
    {
        _useful += inside - (s_switch * runs);
        _ticks += ticks;
        if (++_stays < Judged) return;
        // The translator would take two or three times as long for the guest's own code, and nothing for the rest.
        if (_useful > _ticks * 2 / 3) _nextPause = FirstPause;
        else
        {
            (IsHot, _pause) = (false, _nextPause);
            _nextPause = Math.Min(2 * _nextPause, LongestPause);
        }
        (_stays, _ticks, _useful) = (0, 0, 0);
    }
}
