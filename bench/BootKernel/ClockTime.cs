using Berth.Machine;

namespace BootKernel;

/// <summary>Wall time by the guest's clock.</summary>
internal sealed class ClockTime(IGuestClock clock) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() =>
        DateTimeOffset.UnixEpoch.AddTicks((long)((clock.BootTime + clock.NanosecondsAt(clock.ReadTsc())) / 100));
}
