using Berth.Devices.Timing;
using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>A 16550A serial port, eight ports. Spec: [16550].</summary>
/// <remarks>Sending takes no time: the transmitter is always empty. Input waits outside until the guest makes room.</remarks>
public sealed class Uart16550(IInterruptLine irq, DeviceTimers timers, IByteSink sink) : IPortDevice
{
    // [16550] "Register addresses"; the divisor latch lies over the first two.
    private const int Data = 0, InterruptEnable = 1, Identification = 2, LineControl = 3, ModemControl = 4, LineStatus = 5, ModemStatus = 6, Scratch = 7;
    private const byte EnableReceive = 1, EnableTransmit = 2, EnableLine = 4, EnableModem = 8;
    private const byte NoInterrupt = 1, IdModem = 0, IdTransmit = 2, IdReceive = 4, IdLine = 6, IdTimeout = 12, FifosEnabled = 0xC0;
    private const byte FifoEnable = 1, ClearReceive = 2;
    private const byte DivisorLatch = 0x80;
    private const byte Dtr = 1, Rts = 2, Out1 = 4, Out2 = 8, Loopback = 16;
    private const byte DataReady = 1, Overrun = 2, Break = 16, TransmitterEmpty = 0x60;
    private const byte ModemInputs = 0xB0;
    private const int FifoSize = 16;

    // Four characters of ten bits at 115,200 baud.
    private const ulong CharacterTimeout = 347_000;

    /// <summary>Everything the guest can see; the received bytes lie in two words, first byte lowest.</summary>
    public record struct Registers
    {
        /// <summary>Interrupt enable register.</summary>
        public byte Enable { get; set; }

        /// <summary>FIFO control register.</summary>
        public byte Fifo { get; set; }

        /// <summary>Line control register.</summary>
        public byte Line { get; set; }

        /// <summary>Modem control register.</summary>
        public byte Modem { get; set; }

        /// <summary>Overrun and break bits of the line status register.</summary>
        public byte Errors { get; set; }

        /// <summary>Delta bits of the modem status register.</summary>
        public byte ModemDelta { get; set; }

        /// <summary>Modem inputs CTS, DSR, RI, DCD as last shown.</summary>
        public byte ModemLevels { get; set; }

        /// <summary>Scratch register.</summary>
        public byte Scratch { get; set; }

        /// <summary>Divisor latch.</summary>
        public ushort Divisor { get; set; }

        /// <summary>Whether the transmitter-empty interrupt waits to be seen.</summary>
        public bool TransmitPending { get; set; }

        /// <summary>Whether the character timeout has passed.</summary>
        public bool TimedOut { get; set; }

        /// <summary>Bytes received.</summary>
        public int Count { get; set; }

        /// <summary>The bytes received.</summary>
        public UInt128 Bytes { get; set; }
    }

    private readonly Lock _gate = new();
    private DeviceTimer? _timeout;
    private Registers _s = new() { ModemLevels = ModemInputs, Divisor = 1 };

    /// <summary>Told, on the guest's thread, when a full receiver has room again. Must return at once.</summary>
    public Action? RoomAvailable { get; set; }

    /// <summary>All of the state; the interrupt follows when it is set.</summary>
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

    /// <summary>Power-on state.</summary>
    public void Reset() => State = new() { ModemLevels = ModemInputs, Divisor = 1 };

    /// <summary>Puts the port on the bus: 0x3F8 for COM1, 0x2F8 for COM2.</summary>
    public void Attach(PortBus bus, ushort first)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.Add(new(first, 8), this);
    }

    private int Capacity => (_s.Fifo & FifoEnable) != 0 ? FifoSize : 1;

    private int Trigger => (_s.Fifo & FifoEnable) == 0 ? 1 : (_s.Fifo >> 6) switch { 0 => 1, 1 => 4, 2 => 8, _ => 14 };

    /// <summary>Gives the guest input; answers how many bytes there was room for. <see cref="RoomAvailable"/> tells when to offer the rest.</summary>
    public int Receive(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if ((_s.Modem & Loopback) != 0) return 0;
            int count = Math.Min(data.Length, Capacity - _s.Count);
            for (int i = 0; i < count; i++) Push(data[i]);
            Update();
            return Math.Max(count, 0);
        }
    }

    /// <summary>A break on the line, which Linux takes for the SysRq key.</summary>
    public void ReceiveBreak()
    {
        lock (_gate)
        {
            Push(0);
            _s.Errors |= Break;
            Update();
        }
    }

    private void Push(byte value)
    {
        if (_s.Count >= Capacity)
        {
            _s.Errors |= Overrun;
            return;
        }
        _s.Bytes |= (UInt128)value << (8 * _s.Count);
        _s.Count++;
        _s.TimedOut = false;
        _timeout ??= timers.CreateTimer(TimedOut);
        if ((_s.Fifo & FifoEnable) != 0) _timeout.Arm(timers.Now + CharacterTimeout);
    }

    private void TimedOut()
    {
        lock (_gate)
        {
            _s.TimedOut = _s.Count > 0;
            Update();
        }
    }

    private byte InterruptId()
    {
        if ((_s.Enable & EnableLine) != 0 && _s.Errors != 0) return IdLine;
        if ((_s.Enable & EnableReceive) != 0 && _s.Count >= Trigger) return IdReceive;
        if ((_s.Enable & EnableReceive) != 0 && _s.TimedOut && _s.Count > 0) return IdTimeout;
        if ((_s.Enable & EnableTransmit) != 0 && _s.TransmitPending) return IdTransmit;
        if ((_s.Enable & EnableModem) != 0 && _s.ModemDelta != 0) return IdModem;
        return NoInterrupt;
    }

    // OUT2 opens the interrupt driver on a PC.
    private void Update() => irq.Set(InterruptId() != NoInterrupt && (_s.Modem & (Out2 | Loopback)) == Out2);

    /// <inheritdoc/>
    public uint ReadPort(int offset, int size)
    {
        uint value = 0;
        bool room = false;
        lock (_gate)
        {
            for (int i = 0; i < size; i++)
            {
                int before = _s.Count;
                value |= (uint)Read(offset + i) << (8 * i);
                room |= _s.Count == 0 && before > 0;
            }
            Update();
        }
        if (room) RoomAvailable?.Invoke();
        return value;
    }

    private byte Read(int offset)
    {
        switch (offset)
        {
            case Data:
                if ((_s.Line & DivisorLatch) != 0) return (byte)_s.Divisor;
                byte value = (byte)_s.Bytes;
                _s.Bytes >>= 8;
                _s.Count = Math.Max(0, _s.Count - 1);
                if (_s.Count == 0) _s.TimedOut = false;
                return value;
            case InterruptEnable: return (_s.Line & DivisorLatch) != 0 ? (byte)(_s.Divisor >> 8) : _s.Enable;
            case Identification:
                byte id = InterruptId();
                if (id == IdTransmit) _s.TransmitPending = false;
                return (byte)(id | ((_s.Fifo & FifoEnable) != 0 ? FifosEnabled : 0));
            case LineControl: return _s.Line;
            case ModemControl: return _s.Modem;
            case LineStatus:
                byte status = (byte)(TransmitterEmpty | _s.Errors | (_s.Count > 0 ? DataReady : 0));
                _s.Errors = 0;
                return status;
            case ModemStatus:
                byte modem = (byte)(_s.ModemLevels | _s.ModemDelta);
                _s.ModemDelta = 0;
                return modem;
            default: return _s.Scratch;
        }
    }

    /// <inheritdoc/>
    public void WritePort(int offset, int size, uint value)
    {
        Span<byte> sent = stackalloc byte[1];
        bool send = false, room;
        lock (_gate)
        {
            int before = _s.Count;
            for (int i = 0; i < size; i++)
            {
                byte b = (byte)(value >> (8 * i));
                if (offset + i == Data && (_s.Line & DivisorLatch) == 0)
                {
                    _s.TransmitPending = true;
                    if ((_s.Modem & Loopback) != 0) Push(b);
                    else (sent[0], send) = (b, true);
                }
                else Write(offset + i, b);
            }
            Update();
            room = before > 0 && _s.Count == 0;
        }
        if (send) sink.Write(sent);
        if (room) RoomAvailable?.Invoke();
    }

    private void Write(int offset, byte value)
    {
        switch (offset)
        {
            case Data: _s.Divisor = (ushort)((_s.Divisor & 0xFF00) | value); break;
            case InterruptEnable when (_s.Line & DivisorLatch) != 0: _s.Divisor = (ushort)((_s.Divisor & 0xFF) | value << 8); break;
            case InterruptEnable:
                // Enabling the transmitter's interrupt raises it at once: the transmitter is empty.
                if ((value & ~_s.Enable & EnableTransmit) != 0) _s.TransmitPending = true;
                _s.Enable = (byte)(value & 0x0F);
                break;
            case Identification:
                if (((value ^ _s.Fifo) & FifoEnable) != 0 || (value & ClearReceive) != 0) (_s.Bytes, _s.Count, _s.TimedOut) = (0, 0, false);
                _s.Fifo = (byte)((value & FifoEnable) != 0 ? value & 0xC9 : 0);
                break;
            case LineControl: _s.Line = value; break;
            case ModemControl: WriteModem((byte)(value & 0x1F)); break;
            case Scratch: _s.Scratch = value; break;
        }
    }

    // In loopback the outputs come back as inputs.
    private void WriteModem(byte value)
    {
        _s.Modem = value;
        byte levels = ModemInputs;
        if ((value & Loopback) != 0)
            levels = (byte)(((value & Rts) != 0 ? 0x10 : 0) | ((value & Dtr) != 0 ? 0x20 : 0) | ((value & Out1) != 0 ? 0x40 : 0) | ((value & Out2) != 0 ? 0x80 : 0));
        int changed = (levels ^ _s.ModemLevels) >> 4;
        // The ring indicator's delta bit marks its trailing edge only.
        if ((levels & 0x40) != 0) changed &= ~4;
        _s.ModemDelta |= (byte)changed;
        _s.ModemLevels = levels;
    }
}
