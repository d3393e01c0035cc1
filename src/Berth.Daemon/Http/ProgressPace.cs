using Berth.Images;

namespace Berth.Daemon.Http;

/// <summary>Lets the counters of one item through no faster than a terminal can show.</summary>
internal sealed class ProgressPace
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, long> _lastReport = [];
    private readonly TimeProvider _time = TimeProvider.System;

    /// <summary>Whether this one is to be shown.</summary>
    public bool IsDue(ImageProgress value)
    {
        if (value.Total <= 0 || value.Current >= value.Total)
        {
            return true;
        }
        lock (_lastReport)
        {
            long now = _time.GetTimestamp();
            if (_lastReport.TryGetValue(value.Id ?? "", out long last) && _time.GetElapsedTime(last, now) < Pace)
            {
                return false;
            }
            _lastReport[value.Id ?? ""] = now;
            return true;
        }
    }
}
