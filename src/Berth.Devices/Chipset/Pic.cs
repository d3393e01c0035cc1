using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>The pair of 8259A interrupt controllers, ports 0x20-0x21, 0xA0-0xA1 and 0x4D0-0x4D1. Spec: [8259A].</summary>
/// <remarks><paramref name="outputChanged"/> is told after each change of the INTR wire; it must not call back.</remarks>
public sealed class Pic(Action outputChanged) : IExternalInterrupts
{
    // [8259A] "Initialization command words" and "Operation command words"
    private const byte Icw1 = 0x10, Icw1NeedsIcw4 = 0x01, Icw1Single = 0x02, Icw4AutoEoi = 0x02, Ocw3 = 0x08;
    private const byte PollCommand = 0x04, ReadRegister = 0x02, ReadInService = 0x01, SetSpecialMask = 0x40, SpecialMask = 0x20;
    private const int Cascade = 2, SpuriousLine = 7;

    // Lines 0, 1, 2, 8 and 13 are edge-triggered on every PC.
    private const byte MasterLevelMask = 0xF8, SlaveLevelMask = 0xDE;

    /// <summary>One chip: what the guest can see and where it stands in an initialization sequence.</summary>
    public record struct Chip
    {
        /// <summary>Interrupt request register.</summary>
        public byte Request { get; set; }

        /// <summary>In-service register.</summary>
        public byte InService { get; set; }

        /// <summary>Interrupt mask register.</summary>
        public byte Mask { get; set; }

        /// <summary>Levels of the input wires.</summary>
        public byte Lines { get; set; }

        /// <summary>Edge/level control register: ones are level-triggered.</summary>
        public byte Level { get; set; }

        /// <summary>Bits 7:3 of the vectors.</summary>
        public byte VectorBase { get; set; }

        /// <summary>The line of lowest priority; the next one is the highest.</summary>
        public byte Lowest { get; set; }

        /// <summary>Initialization word that is awaited: 2, 3, 4, or 0 when ready.</summary>
        public byte Step { get; set; }

        /// <summary>ICW1 as written.</summary>
        public byte Icw1 { get; set; }

        /// <summary>Whether an acknowledge also ends the interrupt.</summary>
        public bool AutoEoi { get; set; }

        /// <summary>Whether automatic end of interrupt rotates priorities.</summary>
        public bool RotateOnAutoEoi { get; set; }

        /// <summary>Whether a mask bit also lets lower lines through while its interrupt is in service.</summary>
        public bool SpecialMask { get; set; }

        /// <summary>Whether reads of port 0 give the in-service register.</summary>
        public bool ReadsInService { get; set; }

        /// <summary>Whether the next read is a poll.</summary>
        public bool Poll { get; set; }
    }

    /// <summary>Both chips.</summary>
    public record struct Registers(Chip Master, Chip Slave);

    private readonly Lock _gate = new();
    private Chip _master = new() { Lowest = 7 };
    private Chip _slave = new() { Lowest = 7 };
    private volatile bool _output;

    /// <summary>All of the state; the INTR wire follows when it is set.</summary>
    public Registers State
    {
        get { lock (_gate) return new(_master, _slave); }
        set
        {
            lock (_gate)
            {
                (_master, _slave) = (value.Master, value.Slave);
                Update();
            }
        }
    }

    /// <inheritdoc/>
    public bool IsPending => _output;

    /// <summary>Power-on state: nothing requested, nothing masked, not initialized.</summary>
    public void Reset() => State = new(new Chip { Lowest = 7, Lines = _master.Lines }, new Chip { Lowest = 7, Lines = _slave.Lines });

    /// <summary>Puts the pair on the bus.</summary>
    public void Attach(PortBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.Add(new(0x20, 2), new Ports(this, slave: false));
        bus.Add(new(0xA0, 2), new Ports(this, slave: true));
        bus.Add(new(0x4D0, 2), new LevelPorts(this));
    }

    /// <summary>Drives an input wire, 0 to 15; 2 is the cascade and ignored.</summary>
    public void SetLine(int line, bool high)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)line, 15u);
        if (line == Cascade) return;
        lock (_gate)
        {
            if (line < 8) SetLine(ref _master, line, high);
            else SetLine(ref _slave, line - 8, high);
            Update();
        }
    }

    private static void SetLine(ref Chip chip, int line, bool high)
    {
        byte bit = (byte)(1 << line);
        bool was = (chip.Lines & bit) != 0;
        chip.Lines = (byte)(high ? chip.Lines | bit : chip.Lines & ~bit);
        if (high && (!was || (chip.Level & bit) != 0)) chip.Request |= bit;
        // A request must stay up until it is acknowledged, in both trigger modes.
        if (!high) chip.Request &= (byte)~bit;
    }

    /// <inheritdoc/>
    public byte Acknowledge()
    {
        lock (_gate)
        {
            int line = Winner(in _master);
            byte vector;
            if (line < 0) vector = (byte)(_master.VectorBase | SpuriousLine);
            else if (line == Cascade)
            {
                Take(ref _master, Cascade);
                int inner = Winner(in _slave);
                if (inner >= 0) Take(ref _slave, inner);
                vector = (byte)(_slave.VectorBase | (inner < 0 ? SpuriousLine : inner));
            }
            else
            {
                Take(ref _master, line);
                vector = (byte)(_master.VectorBase | line);
            }
            Update();
            return vector;
        }
    }

    private static void Take(ref Chip chip, int line)
    {
        byte bit = (byte)(1 << line);
        if ((chip.Level & bit) == 0) chip.Request &= (byte)~bit;
        if (!chip.AutoEoi) chip.InService |= bit;
        else if (chip.RotateOnAutoEoi) chip.Lowest = (byte)line;
    }

    // The line that may interrupt now, or -1.
    private static int Winner(in Chip chip)
    {
        if (chip.Step != 0) return -1;
        int requests = chip.Request & ~chip.Mask;
        for (int i = 1; i <= 8; i++)
        {
            int line = (chip.Lowest + i) & 7;
            if ((requests & (1 << line)) != 0 && (chip.InService & (1 << line)) == 0) return line;
            bool blocks = (chip.InService & (1 << line)) != 0 && !(chip.SpecialMask && (chip.Mask & (1 << line)) != 0);
            if (blocks) return -1;
        }
        return -1;
    }

    private void Update()
    {
        bool cascade = Winner(in _slave) >= 0;
        _master.Request = (byte)(cascade ? _master.Request | (1 << Cascade) : _master.Request & ~(1 << Cascade));
        bool output = Winner(in _master) >= 0;
        if (output == _output) return;
        _output = output;
        outputChanged();
    }

    private byte ReadChip(ref Chip chip, int offset)
    {
        if (chip.Poll)
        {
            chip.Poll = false;
            int line = Winner(in chip);
            if (line < 0) return 0;
            Take(ref chip, line);
            Update();
            return (byte)(0x80 | line);
        }
        if (offset != 0) return chip.Mask;
        return chip.ReadsInService ? chip.InService : chip.Request;
    }

    private void WriteChip(ref Chip chip, int offset, byte value)
    {
        if (offset == 0)
        {
            if ((value & Icw1) != 0) Initialize(ref chip, value);
            else if ((value & Ocw3) != 0) WriteOcw3(ref chip, value);
            else EndOfInterrupt(ref chip, value);
        }
        else if (chip.Step == 0) chip.Mask = value;
        else WriteInitialization(ref chip, value);
        Update();
    }

    // ICW1 forgets edges, masks and what was in service; level-triggered wires that are up request again.
    private static void Initialize(ref Chip chip, byte value) => chip = new Chip
    {
        Icw1 = value,
        Step = 2,
        Lowest = 7,
        Lines = chip.Lines,
        Level = chip.Level,
        Request = (byte)(chip.Lines & chip.Level),
        VectorBase = chip.VectorBase,
    };

    private static void WriteInitialization(ref Chip chip, byte value)
    {
        byte afterThird = (chip.Icw1 & Icw1NeedsIcw4) != 0 ? (byte)4 : (byte)0;
        switch (chip.Step)
        {
            case 2:
                chip.VectorBase = (byte)(value & 0xF8);
                chip.Step = (chip.Icw1 & Icw1Single) != 0 ? afterThird : (byte)3;
                break;
            case 3:
                chip.Step = afterThird;
                break;
            default:
                chip.AutoEoi = (value & Icw4AutoEoi) != 0;
                chip.Step = 0;
                break;
        }
    }

    private static void WriteOcw3(ref Chip chip, byte value)
    {
        if ((value & PollCommand) != 0) chip.Poll = true;
        if ((value & ReadRegister) != 0) chip.ReadsInService = (value & ReadInService) != 0;
        if ((value & SetSpecialMask) != 0) chip.SpecialMask = (value & SpecialMask) != 0;
    }

    // [8259A] OCW2: R, SL, EOI in bits 7:5
    private static void EndOfInterrupt(ref Chip chip, byte value)
    {
        int named = value & 7;
        switch (value >> 5)
        {
            case 0: chip.RotateOnAutoEoi = false; break;
            case 4: chip.RotateOnAutoEoi = true; break;
            case 1: End(ref chip, Highest(in chip), rotate: false); break;
            case 5: End(ref chip, Highest(in chip), rotate: true); break;
            case 3: End(ref chip, named, rotate: false); break;
            case 7: End(ref chip, named, rotate: true); break;
            case 6: chip.Lowest = (byte)named; break;
        }
    }

    private static int Highest(in Chip chip)
    {
        for (int i = 1; i <= 8; i++)
            if ((chip.InService & (1 << ((chip.Lowest + i) & 7))) != 0) return (chip.Lowest + i) & 7;
        return -1;
    }

    private static void End(ref Chip chip, int line, bool rotate)
    {
        if (line < 0) return;
        chip.InService &= (byte)~(1 << line);
        if (rotate) chip.Lowest = (byte)line;
    }

    private sealed class Ports(Pic pic, bool slave) : IPortDevice
    {
        public uint ReadPort(int offset, int size)
        {
            lock (pic._gate)
            {
                uint low = pic.ReadChip(ref slave ? ref pic._slave : ref pic._master, offset);
                return size == 1 ? low : low | (uint)pic.ReadChip(ref slave ? ref pic._slave : ref pic._master, 1) << 8;
            }
        }

        public void WritePort(int offset, int size, uint value)
        {
            lock (pic._gate)
            {
                pic.WriteChip(ref slave ? ref pic._slave : ref pic._master, offset, (byte)value);
                if (size > 1) pic.WriteChip(ref slave ? ref pic._slave : ref pic._master, 1, (byte)(value >> 8));
            }
        }
    }

    private sealed class LevelPorts(Pic pic) : IPortDevice
    {
        public uint ReadPort(int offset, int size)
        {
            lock (pic._gate)
            {
                uint both = pic._master.Level | (uint)pic._slave.Level << 8;
                return both >> (8 * offset);
            }
        }

        public void WritePort(int offset, int size, uint value)
        {
            lock (pic._gate)
            {
                for (int i = 0; i < size; i++)
                {
                    if (offset + i == 0) pic._master.Level = (byte)(value & MasterLevelMask);
                    else pic._slave.Level = (byte)((value >> (8 * i)) & SlaveLevelMask);
                }
            }
        }
    }
}
