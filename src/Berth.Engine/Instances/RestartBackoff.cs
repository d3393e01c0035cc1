namespace Berth.Engine.Instances;

/// <summary>Pause before a restart by policy: 100 ms, doubled each time up to a minute; a run of ten seconds starts over.</summary>
internal sealed class RestartBackoff
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Healthy = TimeSpan.FromSeconds(10);
    private TimeSpan _next = First;

    public TimeSpan Next(TimeSpan ranFor)
    {
        if (ranFor >= Healthy)
            _next = First;
        TimeSpan delay = _next;
        _next = delay * 2 > Longest ? Longest : delay * 2;
        return delay;
    }

    public void Reset() => _next = First;
}
