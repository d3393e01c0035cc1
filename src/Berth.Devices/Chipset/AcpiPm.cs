using Berth.Devices.Timing;
using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>ACPI fixed hardware: PM1 event and control, the PM timer and GPE0. Spec: [ACPI] 4.8.</summary>
public sealed class AcpiPm : IPortDevice
{
    /// <summary>Ports of the block; the FADT names its parts by the offsets below.</summary>
    public const int Length = 0x24;

    /// <summary>PM1a event block: status and enable, 4 bytes.</summary>
    public const int EventOffset = 0;

    /// <summary>PM1a control block, 2 bytes.</summary>
    public const int ControlOffset = 4;

    /// <summary>PM timer, 4 bytes.</summary>
    public const int TimerOffset = 8;

    /// <summary>GPE0 block: status and enable, 4 bytes.</summary>
    public const int GpeOffset = 0x20;

    /// <summary>Sleep type that \_S5 must name.</summary>
    public const int SleepTypeOff = 5;

    /// <summary>PM timer frequency in hertz.</summary>
    public const ulong TimerFrequency = 3_579_545;

    private const ushort TimerStatus = 1, PowerButton = 1 << 8, SciEnable = 1, SleepEnable = 1 << 13;
    // The real-time clock's bit is there to be enabled, as Linux insists; nothing sets it.
    private const ushort EventBits = TimerStatus | 1 << 5 | PowerButton | 1 << 9 | 1 << 10 | 1 << 15;
    private const ushort ControlBits = 0x1C07;
    private const int SleepTypeShift = 10;

    // The timer's top bit, 23, changes each 2^23 ticks and sets TMR_STS.
    private const int TimerTopBit = 23;

    /// <summary>Everything the guest can see.</summary>
    public record struct Registers(ushort Status, ushort Enable, ushort Control, ushort GpeStatus, ushort GpeEnable);

    private readonly Lock _gate = new();
    private readonly DeviceTimers _timers;
    private readonly IInterruptLine _sci;
    private readonly IMachinePower _power;
    private readonly DeviceTimer _carry;
    private Registers _s;

    /// <summary>Wires the system control interrupt and the power switch.</summary>
    public AcpiPm(DeviceTimers timers, IInterruptLine sci, IMachinePower power)
    {
        ArgumentNullException.ThrowIfNull(timers);
        (_timers, _sci, _power) = (timers, sci, power);
        _carry = timers.CreateTimer(Carry);
        Reset();
    }

    /// <summary>All of the state; the interrupt and the timer follow when it is set.</summary>
    public Registers State
    {
        get { lock (_gate) return _s; }
        set
        {
            lock (_gate)
            {
                _s = value;
                Update();
            }
        }
    }

    /// <summary>Power-on state, in ACPI mode: there is no SMI to enter it by.</summary>
    public void Reset() => State = new Registers { Control = SciEnable };

    /// <summary>The user pressed the power button.</summary>
    public void PressPowerButton()
    {
        lock (_gate)
        {
            _s.Status |= PowerButton;
            Update();
        }
    }

    /// <summary>A general-purpose event, 0 to 15, as for hotplug.</summary>
    public void RaiseEvent(int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)number, 15u);
        lock (_gate)
        {
            _s.GpeStatus |= (ushort)(1 << number);
            Update();
        }
    }

    private uint Timer => (uint)((UInt128)_timers.Now * TimerFrequency / 1_000_000_000);

    private void Carry()
    {
        lock (_gate)
        {
            _s.Status |= TimerStatus;
            Update();
        }
    }

    private void Update()
    {
        _sci.Set((_s.Status & _s.Enable) != 0 || (_s.GpeStatus & _s.GpeEnable) != 0);
        if ((_s.Enable & TimerStatus) == 0) _carry.Disarm();
        else if (_carry.Deadline is null)
        {
            ulong ticks = (ulong)((UInt128)_timers.Now * TimerFrequency / 1_000_000_000);
            ulong next = ((ticks >> TimerTopBit) + 1) << TimerTopBit;
            _carry.Arm((ulong)(((UInt128)next * 1_000_000_000 + TimerFrequency - 1) / TimerFrequency));
        }
    }

    /// <inheritdoc/>
    public uint ReadPort(int offset, int size)
    {
        lock (_gate)
        {
            // Word registers may be read by bytes; a dword read of the event block gives both.
            int aligned = offset & ~3;
            uint value = aligned switch
            {
                EventOffset => _s.Status | (uint)_s.Enable << 16,
                ControlOffset => _s.Control,
                TimerOffset => Timer,
                GpeOffset => _s.GpeStatus | (uint)_s.GpeEnable << 16,
                _ => 0,
            };
            return value >> (8 * (offset - aligned));
        }
    }

    /// <inheritdoc/>
    public void WritePort(int offset, int size, uint value)
    {
        bool off;
        lock (_gate)
        {
            off = false;
            for (int i = 0; i < size; i++) off |= WriteByte(offset + i, (byte)(value >> (8 * i)));
            Update();
        }
        if (off) _power.PowerOff();
    }

    // Status bits are cleared by writing ones. True: the guest went to S5.
    private bool WriteByte(int offset, byte value)
    {
        int shift = 8 * (offset & 1);
        ushort bits = (ushort)(value << shift), keep = (ushort)(0xFF00 >> shift);
        switch (offset & ~1)
        {
            case EventOffset: _s.Status &= (ushort)~bits; break;
            case EventOffset + 2: _s.Enable = (ushort)((_s.Enable & keep) | (bits & EventBits)); break;
            case ControlOffset:
                _s.Control = (ushort)((_s.Control & keep) | (bits & ControlBits) | SciEnable);
                return (bits & SleepEnable) != 0 && ((_s.Control >> SleepTypeShift) & 7) == SleepTypeOff;
            case GpeOffset: _s.GpeStatus &= (ushort)~bits; break;
            case GpeOffset + 2: _s.GpeEnable = (ushort)((_s.GpeEnable & keep) | bits); break;
        }
        return false;
    }
}
