using System.Numerics;
using System.Runtime.CompilerServices;
using Berth.Devices.Timing;
using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>A local APIC in xAPIC or x2APIC mode. Spec: [SDM3] 11.</summary>
/// <remarks>Registers are numbered as in x2APIC: MSR 0x800 + n is page offset n × 16. Messages leave after the lock is released.</remarks>
public sealed partial class LocalApic : ILocalApic
{
    // [SDM3] table 11-6
    private const int IdRegister = 0x02, VersionRegister = 0x03, Tpr = 0x08, Arbitration = 0x09, Ppr = 0x0A, Eoi = 0x0B, LogicalDestination = 0x0D,
        DestinationFormat = 0x0E, Spurious = 0x0F, Isr = 0x10, Tmr = 0x18, Irr = 0x20, ErrorStatus = 0x28, Cmci = 0x2F, IcrLow = 0x30, IcrHigh = 0x31,
        LvtTimer = 0x32, LvtThermal = 0x33, LvtPerformance = 0x34, Lint0 = 0x35, Lint1 = 0x36, LvtError = 0x37, InitialCount = 0x38,
        CurrentCount = 0x39, DivideConfiguration = 0x3E, SelfIpi = 0x3F;

    // Version 0x14, six LVT entries, no suppression of EOI broadcasts.
    private const uint Version = 0x0005_0014;
    private const uint Masked = 1 << 16, Enabled = 1 << 8, DeliveryMask = 7 << 8, ExternalMode = 7 << 8, NmiMode = 4 << 8;
    private const uint OneShot = 0, PeriodicMode = 1, DeadlineMode = 2;
    private const uint SendIllegalVector = 1 << 5, ReceiveIllegalVector = 1 << 6, IllegalRegister = 1 << 7;
    private const ulong BootProcessor = 1 << 8, X2ApicMode = 1 << 10, GlobalEnable = 1 << 11, DefaultBase = 0xFEE0_0000;
    private const ulong BaseAddress = 0x000F_FFFF_FFFF_F000;

    // The bus clock is 1 GHz: one count of the divide-by-one timer is a nanosecond.
    private const ulong ShortestPeriod = 100_000;

    /// <summary>256 bits.</summary>
    [InlineArray(8)]
    public struct Vectors
    {
        private uint _first;
    }

    /// <summary>Everything the guest can see.</summary>
    public record struct Registers
    {
        /// <summary>IA32_APIC_BASE.</summary>
        public ulong BaseMsr { get; set; }

        /// <summary>xAPIC id register, bits 31:24 of the register.</summary>
        public byte Id { get; set; }

        /// <summary>Task priority register.</summary>
        public byte TaskPriority { get; set; }

        /// <summary>Logical destination register, xAPIC.</summary>
        public uint LogicalDestination { get; set; }

        /// <summary>Destination format register.</summary>
        public uint DestinationFormat { get; set; }

        /// <summary>Spurious interrupt vector register.</summary>
        public uint Spurious { get; set; }

        /// <summary>Errors shown, and errors gathered since the last write of the register.</summary>
        public (uint Shown, uint Gathered) Errors { get; set; }

        /// <summary>Interrupt command register.</summary>
        public ulong Command { get; set; }

        /// <summary>LVT entries: timer, thermal, performance, LINT0, LINT1, error.</summary>
        public (uint Timer, uint Thermal, uint Performance, uint Lint0, uint Lint1, uint Error) Lvt { get; set; }

        /// <summary>Initial count of the timer.</summary>
        public uint InitialCount { get; set; }

        /// <summary>Divide configuration register.</summary>
        public uint Divide { get; set; }

        /// <summary>When the timer was started, nanoseconds of guest time.</summary>
        public ulong TimerStart { get; set; }

        /// <summary>Whether a one-shot count has reached zero and was announced.</summary>
        public bool TimerRanOut { get; set; }

        /// <summary>IA32_TSC_DEADLINE.</summary>
        public ulong Deadline { get; set; }

        /// <summary>Interrupts requested.</summary>
        public Vectors Requests { get; set; }

        /// <summary>Interrupts in service.</summary>
        public Vectors InService { get; set; }

        /// <summary>Trigger modes: ones are level-triggered.</summary>
        public Vectors Levels { get; set; }
    }

    private readonly Lock _gate = new();
    private readonly ApicBus _bus;
    private readonly DeviceTimers _timers;
    private readonly ICpuSignals _signals;
    private readonly DeviceTimer _timer;
    private readonly uint _initialId;
    private Vectors _irr, _isr, _tmr;
    private readonly uint[] _lvt = new uint[6];
    private ulong _base, _command, _timerStart, _deadline;
    private uint _logical, _format, _spurious, _errors, _gathered, _initialCount, _divide;
    private byte _id, _tpr;
    private bool _ranOut;

    /// <summary>Joins the bus with the processor's index as APIC id; index 0 is the boot processor.</summary>
    public LocalApic(int index, ICpuSignals signals, ApicBus bus, DeviceTimers timers)
    {
        ArgumentNullException.ThrowIfNull(bus);
        ArgumentNullException.ThrowIfNull(timers);
        (_initialId, _signals, _bus, _timers) = ((uint)index, signals, bus, timers);
        _timer = timers.CreateTimer(TimerDue);
        PowerOn();
        bus.Add(this);
    }

    /// <summary>All of the state; the timer and the processor follow when it is set.</summary>
    public Registers State
    {
        get
        {
            lock (_gate)
            {
                return new()
                {
                    BaseMsr = _base,
                    Id = _id,
                    TaskPriority = _tpr,
                    LogicalDestination = _logical,
                    DestinationFormat = _format,
                    Spurious = _spurious,
                    Errors = (_errors, _gathered),
                    Command = _command,
                    Lvt = (_lvt[0], _lvt[1], _lvt[2], _lvt[3], _lvt[4], _lvt[5]),
                    InitialCount = _initialCount,
                    Divide = _divide,
                    TimerStart = _timerStart,
                    TimerRanOut = _ranOut,
                    Deadline = _deadline,
                    Requests = _irr,
                    InService = _isr,
                    Levels = _tmr,
                };
            }
        }
        set
        {
            lock (_gate)
            {
                (_base, _id, _tpr, _logical, _format, _spurious) =
                    (value.BaseMsr, value.Id, value.TaskPriority, value.LogicalDestination, value.DestinationFormat, value.Spurious);
                ((_errors, _gathered), _command) = (value.Errors, value.Command);
                (_lvt[0], _lvt[1], _lvt[2], _lvt[3], _lvt[4], _lvt[5]) = value.Lvt;
                (_initialCount, _divide, _timerStart, _ranOut, _deadline) = (value.InitialCount, value.Divide, value.TimerStart, value.TimerRanOut, value.Deadline);
                (_irr, _isr, _tmr) = (value.Requests, value.InService, value.Levels);
                Schedule();
                _signals.RaiseInterrupt();
            }
        }
    }

    /// <summary>Power-on state: as after INIT, in xAPIC mode at the default address.</summary>
    public void PowerOn()
    {
        lock (_gate)
        {
            _base = DefaultBase | GlobalEnable | (_initialId == 0 ? BootProcessor : 0);
            _id = (byte)_initialId;
            Reset();
            // A PC starts in virtual wire mode: firmware has LINT0 pass the 8259 on and LINT1 the NMI.
            if (_initialId == 0) _lvt[Lint0 - LvtTimer] = ExternalMode;
            _lvt[Lint1 - LvtTimer] = NmiMode;
        }
    }

    /// <inheritdoc/>
    public void Reset()
    {
        lock (_gate)
        {
            (_irr, _isr, _tmr) = (default, default, default);
            _lvt.AsSpan().Fill(Masked);
            (_tpr, _logical, _format, _spurious, _errors, _gathered) = (0, 0, 0xFFFF_FFFF, 0xFF, 0, 0);
            (_command, _initialCount, _divide, _timerStart, _ranOut, _deadline) = (0, 0, 0, 0, false, 0);
            _timer.Disarm();
        }
    }

    private bool IsX2Apic => (_base & X2ApicMode) != 0;

    private bool IsGloballyEnabled => (_base & GlobalEnable) != 0;

    private uint X2ApicLogical => (_initialId >> 4) << 16 | 1u << (int)(_initialId & 15);

    internal bool IsEnabled => IsGloballyEnabled && (_spurious & Enabled) != 0;

    internal byte ProcessorPriority
    {
        get
        {
            int inService = Math.Max(0, Highest(in _isr));
            return (inService & 0xF0) > (_tpr & 0xF0) ? (byte)(inService & 0xF0) : _tpr;
        }
    }

    /// <inheritdoc/>
    public ulong BaseMsr => Volatile.Read(ref _base);

    /// <inheritdoc/>
    public bool TryWriteBaseMsr(ulong value)
    {
        lock (_gate)
        {
            if ((value & ~(BaseAddress | GlobalEnable | X2ApicMode | BootProcessor)) != 0) return false;
            ulong modes = GlobalEnable | X2ApicMode;
            ulong from = _base & modes, to = value & modes;
            // x2APIC is entered from xAPIC only and left by switching the APIC off. [SDM3] figure 11-27
            if (to == X2ApicMode || (from == modes && to == GlobalEnable) || (from == 0 && to == modes)) return false;
            bool off = from != 0 && to == 0;
            Volatile.Write(ref _base, (value & ~BootProcessor) | (_initialId == 0 ? BootProcessor : 0));
            if (off)
            {
                Reset();
                _id = (byte)_initialId;
            }
            if (to == modes) _format = 0xFFFF_FFFF;
            _signals.RaiseInterrupt();
            return true;
        }
    }

    /// <inheritdoc/>
    public int PendingVector
    {
        get { lock (_gate) return Deliverable(); }
    }

    private int Deliverable()
    {
        int vector = IsEnabled ? Highest(in _irr) : -1;
        return vector >= 0 && (vector & 0xF0) > (ProcessorPriority & 0xF0) ? vector : -1;
    }

    /// <inheritdoc/>
    public int Acknowledge()
    {
        lock (_gate)
        {
            int vector = Deliverable();
            if (vector < 0) return -1;
            Set(ref _irr, vector, false);
            Set(ref _isr, vector, true);
            return vector;
        }
    }

    /// <inheritdoc/>
    public bool AcceptsExternalInterrupts =>
        !IsGloballyEnabled || (_lvt[Lint0 - LvtTimer] & (Masked | DeliveryMask)) == ExternalMode;

    /// <inheritdoc/>
    public byte TaskPriority
    {
        get => (byte)(_tpr >> 4);
        set
        {
            lock (_gate) WriteTaskPriority((byte)(value << 4));
        }
    }

    private void WriteTaskPriority(byte value)
    {
        _tpr = value;
        if (Deliverable() >= 0) _signals.RaiseInterrupt();
    }

    private static int Highest(in Vectors set)
    {
        for (int i = 7; i >= 0; i--)
            if (set[i] != 0) return i * 32 + 31 - BitOperations.LeadingZeroCount(set[i]);
        return -1;
    }

    private static bool IsSet(in Vectors set, int vector) => (set[vector >> 5] & (1u << (vector & 31))) != 0;

    private static void Set(ref Vectors set, int vector, bool value)
    {
        uint bit = 1u << (vector & 31);
        set[vector >> 5] = value ? set[vector >> 5] | bit : set[vector >> 5] & ~bit;
    }

    /// <inheritdoc/>
    public bool TryReadRegister(int register, out ulong value)
    {
        lock (_gate)
        {
            value = 0;
            if (!IsX2Apic || register is Eoi or SelfIpi or Arbitration or DestinationFormat or IcrHigh || !Exists(register)) return false;
            value = register switch
            {
                IdRegister => _initialId,
                LogicalDestination => X2ApicLogical,
                IcrLow => _command,
                _ => Read(register),
            };
            return true;
        }
    }

    private static bool Exists(int register) => register is IdRegister or VersionRegister or (>= Tpr and <= Eoi and not 0x0C)
        or (>= LogicalDestination and <= ErrorStatus) or (>= IcrLow and <= CurrentCount) or DivideConfiguration or SelfIpi;

    private uint Read(int register) => register switch
    {
        IdRegister => (uint)_id << 24,
        VersionRegister => Version,
        Tpr => _tpr,
        Ppr => ProcessorPriority,
        LogicalDestination => _logical,
        DestinationFormat => _format,
        Spurious => _spurious,
        >= Isr and < Tmr => _isr[register - Isr],
        >= Tmr and < Irr => _tmr[register - Tmr],
        >= Irr and < ErrorStatus => _irr[register - Irr],
        ErrorStatus => _errors,
        IcrLow => (uint)_command,
        IcrHigh => (uint)(_command >> 32),
        >= LvtTimer and <= LvtError => _lvt[register - LvtTimer],
        InitialCount => _initialCount,
        CurrentCount => Count(),
        DivideConfiguration => _divide,
        _ => 0,
    };

    /// <inheritdoc/>
    public uint ReadMmio(int offset)
    {
        lock (_gate)
        {
            // Registers are 32 bits wide at multiples of 16; the rest of each 16 bytes reads as zero.
            int register = (offset & 0xFFF) >> 4, within = offset & 0xF;
            if (register == Cmci || register == SelfIpi) return 0;
            if (!Exists(register) && register != Arbitration) _gathered |= IllegalRegister;
            return within >= 4 ? 0 : Read(register) >> (8 * within);
        }
    }

    /// <inheritdoc/>
    public bool TryWriteRegister(int register, ulong value)
    {
        lock (_gate)
        {
            if (!IsX2Apic || !Exists(register)) return false;
            switch (register)
            {
                case IcrLow: _command = value & 0xFFFF_FFFF_000C_CFFF; break;
                case SelfIpi when value > 0xFF: return false;
                case Eoi when value != 0: return false;
                case ErrorStatus when value != 0: return false;
                case Tpr when value > 0xFF: return false;
                case IdRegister or VersionRegister or Ppr or Arbitration or LogicalDestination or DestinationFormat or IcrHigh or CurrentCount: return false;
                case >= Isr and < ErrorStatus: return false;
                default:
                    if (value >> 32 != 0) return false;
                    break;
            }
        }
        switch (register)
        {
            case IcrLow: SendCommand(); break;
            case SelfIpi: SendSelf((byte)value); break;
            default: Write(register, (uint)value); break;
        }
        return true;
    }

    /// <inheritdoc/>
    public void WriteMmio(int offset, uint value)
    {
        int register = (offset & 0xFFF) >> 4;
        if ((offset & 0xF) != 0 || register == SelfIpi) return;
        Write(register, value);
    }

    private void Write(int register, uint value)
    {
        int ended = -1;
        bool send = false;
        lock (_gate)
        {
            switch (register)
            {
                case IdRegister: _id = (byte)(value >> 24); break;
                case Tpr: WriteTaskPriority((byte)value); break;
                case Eoi: ended = EndOfInterrupt(); break;
                case LogicalDestination: _logical = value & 0xFF00_0000; break;
                case DestinationFormat: _format = value | 0x0FFF_FFFF; break;
                case Spurious: WriteSpurious(value); break;
                case ErrorStatus: (_errors, _gathered) = (_gathered, 0); break;
                case IcrLow:
                    _command = (_command & 0xFFFF_FFFF_0000_0000) | (value & 0x000C_CFFF);
                    send = true;
                    break;
                case IcrHigh: _command = (uint)_command | (ulong)(value & 0xFF00_0000) << 32; break;
                case >= LvtTimer and <= LvtError: WriteLvt(register - LvtTimer, value); break;
                case InitialCount when TimerMode != DeadlineMode:
                    _initialCount = value;
                    _timerStart = _timers.Now;
                    _ranOut = false;
                    Schedule();
                    break;
                case DivideConfiguration: WriteDivide(value & 0x0B); break;
                default:
                    if (!Exists(register)) _gathered |= IllegalRegister;
                    break;
            }
        }
        if (send) SendCommand();
        if (ended >= 0) _bus.Ended((byte)ended);
    }

    // The vector if it was level-triggered, else -1.
    private int EndOfInterrupt()
    {
        int vector = Highest(in _isr);
        if (vector < 0) return -1;
        Set(ref _isr, vector, false);
        if (Deliverable() >= 0) _signals.RaiseInterrupt();
        return IsSet(in _tmr, vector) ? vector : -1;
    }

    private void WriteSpurious(uint value)
    {
        _spurious = value & 0x3FF;
        // Software disable masks every LVT entry. [SDM3] 11.4.7.2
        if ((_spurious & Enabled) == 0)
            foreach (ref uint entry in _lvt.AsSpan()) entry |= Masked;
        _signals.RaiseInterrupt();
    }

    private void WriteLvt(int index, uint value)
    {
        uint writable = index switch { 0 => 0x0007_00FFu, 5 => 0x0001_00FFu, 3 or 4 => 0x0001_A7FFu, _ => 0x0001_07FFu };
        uint before = _lvt[index];
        _lvt[index] = (value & writable) | ((_spurious & Enabled) == 0 ? Masked : 0);
        // Before software enables the APIC, LINT0 still has to pass the 8259 on when firmware asks for it.
        if (index is 3 or 4 && (value & (Masked | DeliveryMask)) is ExternalMode or NmiMode) _lvt[index] &= ~Masked;
        if (index == 0)
        {
            if (((before ^ value) & (3u << 17)) != 0 && ((before | value) & (1u << 18)) != 0) (_deadline, _initialCount) = (0, 0);
            Schedule();
        }
        _signals.RaiseInterrupt();
    }
}
