using System.Runtime.CompilerServices;
using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>The 82093AA I/O APIC with 24 pins, memory at 0xFEC00000. Spec: [IOAPIC].</summary>
/// <remarks><paramref name="routes"/>, where given, is told what each pin sends whenever that changes.</remarks>
public sealed class IoApic(IMessageInterrupts messages, IPinRoutes? routes = null) : IMmioDevice
{
    /// <summary>Where it lies.</summary>
    public const ulong DefaultAddress = 0xFEC0_0000;

    /// <summary>Bytes of its window.</summary>
    public const ulong Length = 0x1000;

    /// <summary>Pins, also the number of global system interrupts.</summary>
    public const int PinCount = 24;

    // [IOAPIC] 3.1, 3.2; the EOI register came with version 0x20.
    private const int SelectOffset = 0x00, WindowOffset = 0x10, EoiOffset = 0x40;
    private const int IdRegister = 0, VersionRegister = 1, ArbitrationRegister = 2, FirstEntry = 0x10;
    private const uint Version = 0x20 | (PinCount - 1) << 16;
    private const ulong Pending = 1 << 12, RemoteIrr = 1 << 14, LevelTriggered = 1 << 15, Masked = 1 << 16;
    private const ulong Writable = 0xFF00_0000_0001_AFFF;

    /// <summary>The redirection table.</summary>
    [InlineArray(PinCount)]
    public struct Redirections
    {
        private ulong _first;
    }

    /// <summary>Everything the guest can see, and the levels of the pins.</summary>
    public record struct Registers
    {
        /// <summary>Register that the window shows.</summary>
        public byte Select { get; set; }

        /// <summary>APIC id.</summary>
        public byte Id { get; set; }

        /// <summary>Levels of the input pins.</summary>
        public uint Pins { get; set; }

        /// <summary>The redirection table.</summary>
        public Redirections Entries { get; set; }
    }

    private readonly Lock _gate = new();
    private Redirections _entries = AllMasked();
    private uint _pins;
    private byte _select;
    private byte _id;

    /// <summary>All of the state.</summary>
    public Registers State
    {
        get { lock (_gate) return new() { Select = _select, Id = _id, Pins = _pins, Entries = _entries }; }
        set
        {
            lock (_gate)
            {
                (_select, _id, _pins, _entries) = (value.Select, value.Id, value.Pins, value.Entries);
                for (int pin = 0; pin < PinCount; pin++) Announce(pin);
            }
        }
    }

    /// <summary>Power-on state: every pin masked.</summary>
    public void Reset() => State = new() { Pins = _pins, Entries = AllMasked() };

    private static Redirections AllMasked()
    {
        var entries = new Redirections();
        for (int i = 0; i < PinCount; i++) entries[i] = Masked;
        return entries;
    }

    /// <summary>Drives a pin. A rising edge or a level that is up is delivered unless the pin is masked.</summary>
    public void SetPin(int pin, bool high)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)pin, (uint)PinCount);
        lock (_gate)
        {
            uint bit = 1u << pin;
            bool was = (_pins & bit) != 0;
            _pins = high ? _pins | bit : _pins & ~bit;
            if (!high || was) return;
            Service(pin);
        }
    }

    /// <summary>A processor ended a level-triggered interrupt: pins with that vector may interrupt again, and do if they are still up.</summary>
    public void EndOfInterrupt(byte vector)
    {
        lock (_gate)
        {
            for (int pin = 0; pin < PinCount; pin++)
            {
                if ((byte)_entries[pin] != vector || (_entries[pin] & RemoteIrr) == 0) continue;
                _entries[pin] &= ~RemoteIrr;
                ServiceLevel(pin);
            }
        }
    }

    private void ServiceLevel(int pin)
    {
        if ((_entries[pin] & LevelTriggered) != 0 && (_pins & (1u << pin)) != 0) Service(pin);
    }

    private void Service(int pin)
    {
        ulong entry = _entries[pin];
        if ((entry & Masked) != 0) return;
        bool level = (entry & LevelTriggered) != 0;
        if (level)
        {
            if ((entry & RemoteIrr) != 0) return;
            _entries[pin] |= RemoteIrr;
        }
        (ulong address, uint data) = Message(entry);
        messages.Send(address, data);
    }

    // The entry as a message: destination id and mode in the address, vector, delivery and trigger mode in the data.
    private static (ulong Address, uint Data) Message(ulong entry) =>
        (0xFEE0_0000 | (entry >> 56) << 12 | (entry >> 11 & 1) << 2, (uint)(entry & 0x7FF) | ((entry & LevelTriggered) != 0 ? 0xC000u : 0));

    private void Announce(int pin)
    {
        if (routes is null) return;
        (ulong address, uint data) = Message(_entries[pin]);
        routes.Route(pin, address, data);
    }

    /// <inheritdoc/>
    public ulong ReadMmio(ulong offset, int size)
    {
        lock (_gate)
        {
            uint value = (int)(offset & ~3UL) switch
            {
                SelectOffset => _select,
                WindowOffset => ReadRegister(_select),
                _ => 0,
            };
            return value >> (8 * (int)(offset & 3));
        }
    }

    private uint ReadRegister(int register) => register switch
    {
        IdRegister or ArbitrationRegister => (uint)_id << 24,
        VersionRegister => Version,
        >= FirstEntry and < FirstEntry + 2 * PinCount =>
            (uint)(_entries[(register - FirstEntry) >> 1] >> ((register & 1) * 32)),
        _ => 0,
    };

    /// <inheritdoc/>
    public void WriteMmio(ulong offset, int size, ulong value)
    {
        lock (_gate)
        {
            switch ((int)offset)
            {
                case SelectOffset: _select = (byte)value; break;
                case WindowOffset: WriteRegister(_select, (uint)value); break;
                case EoiOffset: EndOfInterrupt((byte)value); break;
            }
        }
    }

    private void WriteRegister(int register, uint value)
    {
        if (register == IdRegister) _id = (byte)(value >> 24 & 0x0F);
        int index = register - FirstEntry;
        if (index is < 0 or >= 2 * PinCount) return;
        int pin = index >> 1, shift = (index & 1) * 32;
        ulong written = (_entries[pin] & ~(0xFFFF_FFFFUL << shift)) | (ulong)value << shift;
        ulong entry = (written & Writable) | (_entries[pin] & (RemoteIrr | Pending));
        // An edge-triggered pin has no remote IRR; kernels clear a stuck one by switching modes.
        if ((entry & LevelTriggered) == 0) entry &= ~RemoteIrr;
        _entries[pin] = entry;
        // Before the level is looked at: its end of interrupt must find the way back.
        Announce(pin);
        ServiceLevel(pin);
    }
}
