using System.Runtime.CompilerServices;
using Berth.Devices.Timing;
using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>Real-time clock with battery-backed RAM, ports 0x70-0x71. Spec: [MC146818].</summary>
public sealed class CmosRtc : IPortDevice
{
    // [MC146818] "Address map"
    private const int Seconds = 0, SecondsAlarm = 1, Minutes = 2, MinutesAlarm = 3, Hours = 4, HoursAlarm = 5, WeekDay = 6, Day = 7, Month = 8,
        Year = 9, RegisterA = 10, RegisterB = 11, RegisterC = 12, RegisterD = 13, Century = 0x32;
    private const byte UpdateInProgress = 0x80, RateMask = 0x0F, DividerMask = 0x70, DividerRuns = 0x20;
    private const byte SetMode = 0x80, Periodic = 0x40, Alarm = 0x20, UpdateEnded = 0x10, Binary = 0x04, Hours24 = 0x02;
    private const byte InterruptRequest = 0x80, ValidRam = 0x80;

    // Firmware's convention for sizes of memory: KiB above 1 MiB, and 64 KiB blocks above 16 MiB.
    private const int ExtendedLow = 0x30, Above16Low = 0x34;

    private const ulong Second = 1_000_000_000;

    // The time registers are unreadable for that long before an update.
    private const ulong UpdateWarning = 244_000;

    /// <summary>The 128 bytes of RAM; the clock's own registers hold alarms and control only.</summary>
    [InlineArray(128)]
    public struct Ram
    {
        private byte _first;
    }

    /// <summary>Everything the guest can see.</summary>
    public record struct Registers
    {
        /// <summary>Selected register.</summary>
        public byte Index { get; set; }

        /// <summary>Guest's clock minus the host's wall clock, in nanoseconds.</summary>
        public long Offset { get; set; }

        /// <summary>Time of a clock that stands still (SET), nanoseconds since 1970; null while it runs.</summary>
        public long? Stopped { get; set; }

        /// <summary>Interrupt flags of register C.</summary>
        public byte Flags { get; set; }

        /// <summary>RAM and control registers.</summary>
        public Ram Bytes { get; set; }
    }

    private readonly Lock _gate = new();
    private readonly TimeProvider _wall;
    private readonly DeviceTimers _timers;
    private readonly IInterruptLine _irq8;
    private readonly DeviceTimer _periodic;
    private readonly DeviceTimer _update;
    private readonly ulong _memory;
    private byte _index;
    private byte _flags;
    private long _offset;
    private long? _stopped;
    private Ram _ram;

    /// <summary>A clock that shows UTC, with the size of RAM where firmware looks for it.</summary>
    public CmosRtc(TimeProvider wall, DeviceTimers timers, IInterruptLine irq8, ulong memorySize)
    {
        ArgumentNullException.ThrowIfNull(wall);
        ArgumentNullException.ThrowIfNull(timers);
        (_wall, _timers, _irq8, _memory) = (wall, timers, irq8, memorySize);
        _periodic = timers.CreateTimer(PeriodicTick);
        _update = timers.CreateTimer(UpdateTick);
        Reset();
    }

    /// <summary>All of the state; timers follow when it is set.</summary>
    public Registers State
    {
        get { lock (_gate) return new() { Index = _index, Offset = _offset, Stopped = _stopped, Flags = _flags, Bytes = _ram }; }
        set
        {
            lock (_gate)
            {
                (_index, _offset, _stopped, _flags, _ram) = (value.Index, value.Offset, value.Stopped, value.Flags, value.Bytes);
                Schedule();
            }
        }
    }

    /// <summary>Power-on state: 24 hours, BCD, no interrupts.</summary>
    public void Reset()
    {
        var ram = new Ram();
        ram[RegisterA] = 0x26;
        ram[RegisterB] = Hours24;
        Store16(ref ram, 0x15, 640);
        ulong extended = _memory < 1 << 20 ? 0 : Math.Min((_memory - (1 << 20)) >> 10, 0xFFFF);
        Store16(ref ram, 0x17, (ushort)extended);
        Store16(ref ram, ExtendedLow, (ushort)extended);
        ulong below = Math.Min(_memory, GuestMemory.HoleStart);
        Store16(ref ram, Above16Low, (ushort)(below < 16 << 20 ? 0 : (below - (16 << 20)) >> 16));
        ulong high = (_memory - below) >> 16;
        ram[0x5B] = (byte)high;
        ram[0x5C] = (byte)(high >> 8);
        ram[0x5D] = (byte)(high >> 16);
        State = new() { Bytes = ram };
    }

    private static void Store16(ref Ram ram, int at, ushort value)
    {
        ram[at] = (byte)value;
        ram[at + 1] = (byte)(value >> 8);
    }

    /// <summary>Puts the clock on the bus.</summary>
    public void Attach(PortBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.Add(new(0x70, 2), this);
    }

    private long HostTime => (_wall.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private long ClockTime => _stopped ?? HostTime + _offset;

    private bool Runs => _stopped is null;

    private static DateTime ToDate(long nanoseconds)
    {
        long ticks = DateTime.UnixEpoch.Ticks + nanoseconds / 100;
        return new DateTime(Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc);
    }

    // Period in nanoseconds, 0 if none. Rates 1 and 2 repeat 8 and 9.
    private ulong Period()
    {
        int rate = _ram[RegisterA] & RateMask;
        if (rate == 0 || (_ram[RegisterA] & DividerMask) != DividerRuns) return 0;
        if (rate <= 2) rate += 7;
        return (Second << (rate - 1)) / 32_768;
    }

    private void Schedule()
    {
        ulong now = _timers.Now, period = Period();
        if (period == 0 || (_ram[RegisterB] & Periodic) == 0) _periodic.Disarm();
        else if (_periodic.Deadline is null) _periodic.Arm((now / period + 1) * period);
        if (!Runs || (_ram[RegisterB] & (Alarm | UpdateEnded)) == 0) _update.Disarm();
        else if (_update.Deadline is null) _update.Arm(now + Second - (ulong)(((ClockTime % (long)Second) + (long)Second) % (long)Second));
        UpdateLine();
    }

    private void UpdateLine()
    {
        bool active = (_flags & _ram[RegisterB] & (Periodic | Alarm | UpdateEnded)) != 0;
        _flags = (byte)(active ? _flags | InterruptRequest : _flags & ~InterruptRequest);
        _irq8.Set(active);
    }

    private void PeriodicTick()
    {
        lock (_gate)
        {
            _flags |= Periodic;
            Schedule();
        }
    }

    private void UpdateTick()
    {
        lock (_gate)
        {
            if (!Runs) return;
            _flags |= UpdateEnded;
            if (AlarmMatches()) _flags |= Alarm;
            Schedule();
        }
    }

    private bool AlarmMatches()
    {
        // The timer may come a moment before the wall clock's second.
        DateTime time = ToDate(ClockTime + (long)UpdateWarning);
        return Matches(SecondsAlarm, (byte)time.Second) && Matches(MinutesAlarm, (byte)time.Minute) && MatchesHour(time.Hour);
    }

    private bool Matches(int register, byte value) => _ram[register] >= 0xC0 || _ram[register] == Encode(value);

    private bool MatchesHour(int hour) => _ram[HoursAlarm] >= 0xC0 || _ram[HoursAlarm] == EncodeHour(hour);

    private byte Encode(int value) => (byte)((_ram[RegisterB] & Binary) != 0 ? value : value / 10 << 4 | value % 10);

    private int Decode(byte value) => (_ram[RegisterB] & Binary) != 0 ? value : (value >> 4) * 10 + (value & 15);

    private byte EncodeHour(int hour)
    {
        if ((_ram[RegisterB] & Hours24) != 0) return Encode(hour);
        return (byte)(Encode((hour + 11) % 12 + 1) | (hour >= 12 ? 0x80 : 0));
    }

    private int DecodeHour(byte value) =>
        (_ram[RegisterB] & Hours24) != 0 ? Decode(value) : Decode((byte)(value & 0x7F)) % 12 + ((value & 0x80) != 0 ? 12 : 0);

    /// <inheritdoc/>
    public uint ReadPort(int offset, int size)
    {
        lock (_gate)
        {
            if (size > 1) return (uint)ReadRegister(_index) << 8 | 0xFF;
            return offset == 0 ? (byte)0xFF : ReadRegister(_index);
        }
    }

    private byte ReadRegister(int index)
    {
        DateTime time = ToDate(ClockTime);
        switch (index)
        {
            case Seconds: return Encode(time.Second);
            case Minutes: return Encode(time.Minute);
            case Hours: return EncodeHour(time.Hour);
            case WeekDay: return Encode((int)time.DayOfWeek + 1);
            case Day: return Encode(time.Day);
            case Month: return Encode(time.Month);
            case Year: return Encode(time.Year % 100);
            case Century: return Encode(time.Year / 100);
            case RegisterA:
                bool updating = Runs && Second - (ulong)(((ClockTime % (long)Second) + (long)Second) % (long)Second) < UpdateWarning;
                return (byte)(_ram[RegisterA] | (updating ? UpdateInProgress : 0));
            case RegisterC:
                byte flags = _flags;
                _flags = 0;
                _irq8.Set(false);
                return flags;
            case RegisterD: return ValidRam;
            default: return _ram[index];
        }
    }

    /// <inheritdoc/>
    public void WritePort(int offset, int size, uint value)
    {
        lock (_gate)
        {
            // Bit 7 of the index port masks NMI on a PC; nothing here raises one.
            if (offset == 0) _index = (byte)(value & 0x7F);
            if (offset == 1) WriteRegister(_index, (byte)value);
            else if (size > 1) WriteRegister(_index, (byte)(value >> 8));
        }
    }

    private void WriteRegister(int index, byte value)
    {
        switch (index)
        {
            case Seconds or Minutes or Hours or Day or Month or Year or Century:
                WriteTime(index, value);
                break;
            case WeekDay or RegisterC or RegisterD:
                break;
            case RegisterA:
                _ram[RegisterA] = (byte)(value & 0x7F);
                _periodic.Disarm();
                Schedule();
                break;
            case RegisterB:
                // SET stops the clock; clearing it lets it run on from what was written.
                if ((value & SetMode) != 0) _stopped ??= ClockTime;
                else if (_stopped is { } time)
                {
                    _offset = time - HostTime;
                    _stopped = null;
                    _update.Disarm();
                }
                _ram[RegisterB] = (byte)((value & SetMode) != 0 ? value & ~UpdateEnded : value);
                Schedule();
                break;
            default:
                _ram[index] = value;
                break;
        }
    }

    private void WriteTime(int index, byte value)
    {
        long now = ClockTime;
        DateTime t = ToDate(now);
        int year = t.Year, month = t.Month, day = t.Day, hour = t.Hour, minute = t.Minute, second = t.Second, v = Decode(value);
        switch (index)
        {
            case Seconds: second = Math.Min(v, 59); break;
            case Minutes: minute = Math.Min(v, 59); break;
            case Hours: hour = Math.Min(DecodeHour(value), 23); break;
            case Day: day = Math.Max(v, 1); break;
            case Month: month = Math.Clamp(v, 1, 12); break;
            case Year: year = year / 100 * 100 + Math.Min(v, 99); break;
            default: year = Math.Clamp(v, 16, 22) * 100 + year % 100; break;
        }
        year = Math.Clamp(year, 1678, 2261);
        var date = new DateTime(year, month, Math.Min(day, DateTime.DaysInMonth(year, month)), hour, minute, second, DateTimeKind.Utc);
        long time = (date - DateTime.UnixEpoch).Ticks * 100;
        if (_stopped is not null) _stopped = time;
        else _offset = time - HostTime;
    }
}
