namespace Berth.Machine;

/// <summary>The guest's time stamp counter and the wall clock behind the paravirtual clock. Monotonic across processors.</summary>
public interface IGuestClock
{
    /// <summary>TSC ticks per second.</summary>
    ulong TscFrequency { get; }

    /// <summary>The counter before IA32_TSC_ADJUST.</summary>
    ulong ReadTsc();

    /// <summary>Nanoseconds since the machine started at TSC value <paramref name="tsc"/>.</summary>
    ulong NanosecondsAt(ulong tsc);

    /// <summary>Wall clock at machine start, nanoseconds since 1970.</summary>
    ulong BootTime { get; }
}
