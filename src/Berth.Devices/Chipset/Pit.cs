using Berth.Devices.Timing;
using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>The 8254 interval timer, ports 0x40-0x43, and the speaker port 0x61 that gates channel 2. Spec: [8254].</summary>
/// <remarks>Counters are computed from guest time when they are read, so that calibration loops see exact values at any speed.</remarks>
public sealed class Pit : IPortDevice
{
    /// <summary>Input clock in hertz.</summary>
    public const ulong Frequency = 1_193_182;

    private const int ControlOffset = 3;
    private const ulong Second = 1_000_000_000;

    // A guest that asks for a faster tick than this gets fewer ticks, not a host that does nothing else.
    private const ulong ShortestPeriod = 100_000;

    // The refresh request toggles bit 4 of port 0x61 each 15.085 µs.
    private const ulong RefreshToggle = 15_085;

    /// <summary>One counter.</summary>
    public record struct Channel
    {
        /// <summary>Value loaded last, 1 to 65536.</summary>
        public uint Reload { get; set; }

        /// <summary>Guest time of the load or of the last gate trigger, in nanoseconds.</summary>
        public ulong Start { get; set; }

        /// <summary>Mode 0 to 5.</summary>
        public byte Mode { get; set; }

        /// <summary>Access mode: 1 low byte, 2 high byte, 3 both.</summary>
        public byte Access { get; set; }

        /// <summary>Whether it counts in decimal.</summary>
        public bool Bcd { get; set; }

        /// <summary>Whether a count has been loaded since the mode was set.</summary>
        public bool Loaded { get; set; }

        /// <summary>Level of the gate input.</summary>
        public bool Gate { get; set; }

        /// <summary>Counter value held while the gate is low.</summary>
        public ulong HeldTicks { get; set; }

        /// <summary>Whether the next written byte is the high one.</summary>
        public bool WritesHigh { get; set; }

        /// <summary>Whether the next read byte is the high one.</summary>
        public bool ReadsHigh { get; set; }

        /// <summary>Low byte that awaits its high byte.</summary>
        public byte WrittenLow { get; set; }

        /// <summary>Count latched for reading, or null.</summary>
        public ushort? LatchedCount { get; set; }

        /// <summary>Status latched for reading, or null.</summary>
        public byte? LatchedStatus { get; set; }
    }

    /// <summary>Everything the guest can see.</summary>
    public record struct Registers(Channel Channel0, Channel Channel1, Channel Channel2, byte Speaker);

    private readonly Lock _gate = new();
    private readonly DeviceTimers _timers;
    private readonly IInterruptLine _irq0;
    private readonly DeviceTimer _tick;
    private readonly Channel[] _channels = new Channel[3];
    private byte _speaker;

    /// <summary>Wires channel 0's output to <paramref name="irq0"/>.</summary>
    public Pit(DeviceTimers timers, IInterruptLine irq0)
    {
        ArgumentNullException.ThrowIfNull(timers);
        _timers = timers;
        _irq0 = irq0;
        _tick = timers.CreateTimer(Tick);
        Reset();
    }

    /// <summary>All of the state; timers follow when it is set.</summary>
    public Registers State
    {
        get { lock (_gate) return new(_channels[0], _channels[1], _channels[2], _speaker); }
        set
        {
            lock (_gate)
            {
                (_channels[0], _channels[1], _channels[2], _speaker) = (value.Channel0, value.Channel1, value.Channel2, value.Speaker);
                Schedule(_timers.Now);
            }
        }
    }

    /// <summary>Power-on state: nothing counts, gates of channels 0 and 1 are up.</summary>
    public void Reset()
    {
        var idle = new Channel { Reload = 0x10000, Access = 3, Gate = true };
        State = new(idle, idle, idle with { Gate = false }, 0);
    }

    /// <summary>Puts the timer and port 0x61 on the bus.</summary>
    public void Attach(PortBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.Add(new(0x40, 4), this);
        bus.Add(new(0x61, 1), new SpeakerPort(this));
    }

    private static ulong TicksAt(ulong nanoseconds) => (ulong)((UInt128)nanoseconds * Frequency / Second);

    // First nanosecond at which that many ticks have passed.
    private static ulong TimeOf(ulong ticks) => (ulong)(((UInt128)ticks * Second + Frequency - 1) / Frequency);

    private static ulong Elapsed(in Channel c, ulong now)
    {
        if (!c.Gate && c.Mode is 0 or 2 or 3 or 4) return c.HeldTicks;
        return now <= c.Start ? 0 : TicksAt(now - c.Start);
    }

    private static ushort Count(in Channel c, ulong now)
    {
        ulong ticks = Elapsed(in c, now), value;
        uint reload = c.Reload;
        if (!c.Loaded) value = 0;
        else if (c.Mode == 2) value = reload - ticks % reload;
        else if (c.Mode == 3) value = (reload - 2 * ticks % reload) & ~1u;
        else value = c.Bcd ? (reload + 10_000 - ticks % 10_000) % 10_000 : reload - ticks;
        return c.Bcd ? ToBcd((uint)(value % 10_000)) : (ushort)value;
    }

    private static bool Output(in Channel c, ulong now)
    {
        if (!c.Loaded) return c.Mode != 0;
        ulong ticks = Elapsed(in c, now);
        return c.Mode switch
        {
            0 => ticks >= c.Reload,
            1 => c.Start == 0 || ticks >= c.Reload,
            2 => !c.Gate || ticks % c.Reload != c.Reload - 1,
            3 => !c.Gate || ticks % c.Reload < (c.Reload + 1) / 2,
            _ => ticks != c.Reload,
        };
    }

    private static ushort ToBcd(uint value) => (ushort)(value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 | value / 1000 % 10 << 12);

    private static uint FromBcd(uint value) => (value & 15) + (value >> 4 & 15) * 10 + (value >> 8 & 15) * 100 + (value >> 12 & 15) * 1000;

    private void Tick()
    {
        lock (_gate)
        {
            if (_tick.Deadline is not null) return;
            ref Channel c = ref _channels[0];
            if (!c.Loaded) return;
            ulong now = _timers.Now;
            if (c.Mode is 2 or 3 || Output(in c, now))
            {
                // The low part of the wave is a formality to an edge-triggered input.
                _irq0.Set(false);
                _irq0.Set(true);
            }
            Schedule(now);
        }
    }

    // Arms the timer for the next rising edge of channel 0.
    private void Schedule(ulong now)
    {
        ref Channel c = ref _channels[0];
        if (!c.Loaded)
        {
            _tick.Disarm();
            _irq0.Set(c.Mode != 0);
            return;
        }
        ulong ticks = Elapsed(in c, now);
        if (c.Mode is 2 or 3)
        {
            ulong next = c.Start + TimeOf((ticks / c.Reload + 1) * c.Reload);
            if (next < now + ShortestPeriod && TimeOf(c.Reload) < ShortestPeriod) next = now + ShortestPeriod;
            _tick.Arm(next);
        }
        else if (c.Mode is 0 or 4 && ticks < RisingEdge(in c))
        {
            if (c.Mode == 0) _irq0.Set(false);
            _tick.Arm(c.Start + TimeOf(RisingEdge(in c)));
        }
        else _tick.Disarm();
    }

    // The strobe of mode 4 is low for the one tick in which the count ends.
    private static ulong RisingEdge(in Channel c) => c.Mode == 4 ? c.Reload + 1UL : c.Reload;

    private static void SetGate(ref Channel c, bool gate, ulong now)
    {
        if (c.Gate == gate) return;
        if (gate)
        {
            c.Gate = true;
            // Modes 0 and 4 go on where they stopped; the others start again.
            c.Start = c.Mode is 0 or 4 ? now - Math.Min(now, TimeOf(c.HeldTicks)) : now;
            c.HeldTicks = 0;
        }
        else
        {
            c.HeldTicks = Elapsed(in c, now);
            c.Gate = false;
        }
    }

    /// <inheritdoc/>
    public uint ReadPort(int offset, int size)
    {
        lock (_gate)
        {
            uint value = 0;
            for (int i = 0; i < size; i++) value |= (uint)Read(offset + i) << (8 * i);
            return value;
        }
    }

    private byte Read(int offset)
    {
        if (offset >= ControlOffset) return 0xFF;
        ref Channel c = ref _channels[offset];
        if (c.LatchedStatus is { } status)
        {
            c.LatchedStatus = null;
            return status;
        }
        ushort count = c.LatchedCount ?? Count(in c, _timers.Now);
        bool high = c.Access == 2 || (c.Access == 3 && c.ReadsHigh);
        if (c.Access == 3) c.ReadsHigh = !c.ReadsHigh;
        if (c.Access != 3 || !c.ReadsHigh) c.LatchedCount = null;
        return (byte)(high ? count >> 8 : count);
    }

    /// <inheritdoc/>
    public void WritePort(int offset, int size, uint value)
    {
        lock (_gate)
        {
            for (int i = 0; i < size; i++) Write(offset + i, (byte)(value >> (8 * i)));
        }
    }

    private void Write(int offset, byte value)
    {
        ulong now = _timers.Now;
        if (offset == ControlOffset) WriteControl(value, now);
        else WriteCount(offset, value, now);
    }

    private void WriteControl(byte value, ulong now)
    {
        int channel = value >> 6, access = (value >> 4) & 3;
        if (channel == 3)
        {
            // Read-back command: bit 5 clear latches counts, bit 4 clear latches status.
            for (int i = 0; i < 3; i++)
            {
                if ((value & (2 << i)) == 0) continue;
                if ((value & 0x20) == 0) _channels[i].LatchedCount ??= Count(in _channels[i], now);
                if ((value & 0x10) == 0) _channels[i].LatchedStatus ??= Status(in _channels[i], now);
            }
            return;
        }
        ref Channel c = ref _channels[channel];
        if (access == 0)
        {
            c.LatchedCount ??= Count(in c, now);
            return;
        }
        int mode = (value >> 1) & 7;
        c = new Channel
        {
            Mode = (byte)(mode > 5 ? mode - 4 : mode),
            Access = (byte)access,
            Bcd = (value & 1) != 0,
            Gate = c.Gate,
            Reload = c.Reload,
        };
        if (channel == 0) Schedule(now);
    }

    private static byte Status(in Channel c, ulong now) =>
        (byte)((Output(in c, now) ? 0x80 : 0) | (c.Loaded ? 0 : 0x40) | c.Access << 4 | c.Mode << 1 | (c.Bcd ? 1 : 0));

    private void WriteCount(int channel, byte value, ulong now)
    {
        ref Channel c = ref _channels[channel];
        uint count;
        if (c.Access == 3 && !c.WritesHigh)
        {
            c.WrittenLow = value;
            c.WritesHigh = true;
            return;
        }
        if (c.Access == 3) count = c.WrittenLow | (uint)value << 8;
        else count = c.Access == 2 ? (uint)value << 8 : value;
        c.WritesHigh = false;
        if (c.Bcd) count = FromBcd(count);
        c.Reload = count == 0 ? c.Bcd ? 10_000u : 0x10000u : count;
        c.Loaded = true;
        c.Start = now;
        c.HeldTicks = 0;
        if (channel == 0) Schedule(now);
    }

    /// <summary>NMI status and control: bits 0 and 1 gate channel 2 and the speaker, 4 toggles with refresh, 5 is channel 2's output.</summary>
    private sealed class SpeakerPort(Pit pit) : IPortDevice
    {
        public uint ReadPort(int offset, int size)
        {
            lock (pit._gate)
            {
                ulong now = pit._timers.Now;
                uint refresh = now / RefreshToggle % 2 == 0 ? 0u : 0x10;
                return pit._speaker | refresh | (Output(in pit._channels[2], now) ? 0x20u : 0);
            }
        }

        public void WritePort(int offset, int size, uint value)
        {
            lock (pit._gate)
            {
                pit._speaker = (byte)(value & 0x0F);
                SetGate(ref pit._channels[2], (value & 1) != 0, pit._timers.Now);
            }
        }
    }
}
