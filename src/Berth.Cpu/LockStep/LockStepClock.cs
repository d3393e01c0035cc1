using Berth.Machine;

namespace Berth.Cpu.LockStep;

/// <summary>A clock of executed instructions, some nanoseconds each, and of skipped idle time: the same in every run.</summary>
public sealed class LockStepClock : IGuestClock
{
    // Fast enough for timers to come often, slow enough for their handlers to be a small part.
    private const ulong NanosecondsPerInstruction = 4;

    private ulong _idle;

    /// <summary>Tells how many instructions have been executed.</summary>
    internal Func<ulong> Instructions { get; set; } = static () => 0;

    /// <inheritdoc/>
    public ulong TscFrequency => 1_000_000_000;

    /// <inheritdoc/>
    public ulong BootTime => 1_700_000_000_000_000_000;

    /// <inheritdoc/>
    public ulong ReadTsc() => (Instructions() * NanosecondsPerInstruction) + _idle;

    /// <inheritdoc/>
    public ulong NanosecondsAt(ulong tsc) => tsc;

    /// <summary>Lets idle time pass up to <paramref name="nanoseconds"/>.</summary>
    internal void SkipTo(ulong nanoseconds)
    {
        ulong now = ReadTsc();
        if (nanoseconds > now) _idle += nanoseconds - now;
    }
}
