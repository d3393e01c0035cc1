using Berth.Devices.Timing;
using Berth.Machine;

namespace Berth.Devices.Tests;

/// <summary>Guest time that stands still until a test moves it; 1 GHz.</summary>
internal sealed class ManualClock : TimeProvider, IGuestClock
{
    public ulong Now { get; set; } = 1_000;

    public DateTimeOffset Epoch { get; set; } = new(2026, 2, 28, 23, 59, 58, TimeSpan.Zero);

    public ulong TscFrequency => 1_000_000_000;

    public ulong BootTime => 0;

    /// <summary>Nanoseconds that pass after each reading, as when the reader's thread is held up.</summary>
    public ulong CostOfReading { get; set; }

    public ulong ReadTsc()
    {
        ulong now = Now;
        Now += CostOfReading;
        return now;
    }

    public ulong NanosecondsAt(ulong tsc) => tsc;

    public override DateTimeOffset GetUtcNow() => Epoch.AddTicks((long)(Now / 100));

    /// <summary>Moves time on, stopping at each deadline on the way.</summary>
    public void Advance(DeviceTimers timers, ulong nanoseconds)
    {
        ulong end = Now + nanoseconds;
        for (int i = 0; i < 1_000_000; i++)
        {
            ulong? next = timers.RunDue();
            if (next is not { } deadline || deadline > end) break;
            Now = Math.Max(Now, deadline);
        }
        Now = end;
        timers.RunDue();
    }
}
