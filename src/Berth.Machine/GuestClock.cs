namespace Berth.Machine;

/// <summary>A TSC of exactly 1 GHz derived from the monotonic clock: it counts nanoseconds since the machine started.</summary>
public sealed class GuestClock : IGuestClock
{
    private readonly TimeProvider _time;
    private readonly long _start;

    /// <summary>Starts at zero now.</summary>
    public GuestClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _start = time.GetTimestamp();
        BootTime = (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
    }

    /// <inheritdoc/>
    public ulong TscFrequency => 1_000_000_000;

    /// <inheritdoc/>
    public ulong BootTime { get; }

    /// <inheritdoc/>
    public ulong ReadTsc()
    {
        long ticks = _time.GetTimestamp() - _start, frequency = _time.TimestampFrequency;
        return frequency == 1_000_000_000 ? (ulong)ticks : (ulong)((Int128)ticks * 1_000_000_000 / frequency);
    }

    /// <inheritdoc/>
    public ulong NanosecondsAt(ulong tsc) => tsc;
}
