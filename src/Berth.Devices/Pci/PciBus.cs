using Berth.Devices.Chipset;
using Berth.Machine;

namespace Berth.Devices.Pci;

/// <summary>PCI bus 0 with its host bridge: configuration by ports 0xCF8-0xCFF and, at <see cref="PlatformMap.EcamBase"/>, by memory.
/// Spec: [PCI] 3.2.2.3.2.</summary>
public sealed class PciBus : IPortDevice, IMmioDevice
{
    /// <summary>Devices a bus can have, the host bridge at 0 among them.</summary>
    public const int DeviceCount = 32;

    private const int DataOffset = 4, ResetOffset = 1;
    private const uint Enable = 1u << 31, AddressBits = 0x80FF_FFFC;

    private readonly Lock _gate = new();
    private readonly PciFunction?[] _functions = new PciFunction?[DeviceCount];
    private readonly PortBus _ports;
    private readonly MmioBus _mmio;
    private readonly InterruptRouter _router;
    private readonly ResetPorts? _reset;
    private bool _stopped;

    /// <summary>Puts the bus and its bridge on the machine's buses. Port 0xCF9 goes to <paramref name="reset"/>.</summary>
    public PciBus(PortBus ports, MmioBus mmio, InterruptRouter router, ResetPorts? reset)
    {
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(mmio);
        (_ports, _mmio, _router, _reset) = (ports, mmio, router, reset);
        ports.Add(new(0xCF8, 8), this);
        mmio.Add(PlatformMap.EcamBase, PlatformMap.EcamBuses << 20, this);
        // The identity that Linux knows as a plain host bridge without quirks.
        Add(0, new PciFunction(new(0x1B36, 0x0008, 0x06_0000)));
    }

    /// <summary>CONFIG_ADDRESS.</summary>
    public uint State { get; set; }

    /// <summary>Functions by device number, null where there is none.</summary>
    public IReadOnlyList<PciFunction?> Functions => _functions;

    /// <summary>A wire for the interrupt pin of the device with that number.</summary>
    public IInterruptLine InterruptLine(int device) => _router.Pin(PlatformMap.PciPin(device, 0));

    /// <summary>The lowest device number that is free, or null.</summary>
    public int? FreeDevice
    {
        get
        {
            lock (_gate) return Array.IndexOf(_functions, null) is >= 0 and var free ? free : null;
        }
    }

    /// <summary>Puts a function at a device number, while the machine runs too: the guest finds it when it next looks.</summary>
    /// <exception cref="ArgumentException">The number is taken.</exception>
    public void Add(int device, PciFunction function)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)device, (uint)DeviceCount);
        lock (_gate)
        {
            if (_functions[device] is not null) throw new ArgumentException($"PCI device {device} is taken.", nameof(device));
            function.Connect(_ports, _mmio);
            if (_stopped) function.Stop();
            // Whole before any processor sees it.
            Volatile.Write(ref _functions[device], function);
        }
    }

    /// <summary>
    /// Takes a function away, while the machine runs too. When this returns, its number and its regions answer nothing, it drives no interrupt, and
    /// it touches guest memory no more; a processor that was at it already changes nothing by what it does there.
    /// </summary>
    /// <exception cref="ArgumentException">The host bridge stays.</exception>
    public void Remove(int device)
    {
        if (device == 0) throw new ArgumentException("The host bridge cannot be removed.", nameof(device));
        PciFunction? function;
        lock (_gate)
        {
            function = _functions[device];
            Volatile.Write(ref _functions[device], null);
        }
        if (function is null) return;
        function.Stop();
        function.Reset();
        function.Disconnect();
    }

    /// <summary>Bus reset: every function as made.</summary>
    public void Reset()
    {
        State = 0;
        foreach (PciFunction? function in _functions) function?.Reset();
    }

    /// <summary>For the end of a machine: no device touches guest memory any more.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            foreach (PciFunction? function in _functions) function?.Stop();
        }
    }

    // The address names bus 23:16, device 15:11, function 10:8.
    private PciFunction? Find(uint address) => (address & 0xFF_0700) == 0 ? Volatile.Read(ref _functions[(address >> 11) & 31]) : null;

    private static uint Ones(int size) => size == 4 ? uint.MaxValue : (1u << (8 * size)) - 1;

    /// <inheritdoc/>
    public uint ReadPort(int offset, int size)
    {
        if (offset == 0 && size == 4) return State;
        if (offset == ResetOffset && size == 1) return _reset?.ReadResetControl() ?? 0xFFu;
        if (offset < DataOffset || (State & Enable) == 0 || Find(State) is not { } function) return Ones(size);
        return function.ReadConfiguration((int)(State & 0xFC) + offset - DataOffset, size);
    }

    /// <inheritdoc/>
    public void WritePort(int offset, int size, uint value)
    {
        if (offset == 0 && size == 4) State = value & AddressBits;
        else if (offset == ResetOffset && size == 1) _reset?.WriteResetControl((byte)value);
        else if (offset >= DataOffset && (State & Enable) != 0)
            Find(State)?.WriteConfiguration((int)(State & 0xFC) + offset - DataOffset, size, value);
    }

    // Memory offset: bus 27:20, device 19:15, function 14:12, register 11:0.
    private PciFunction? Find(ulong offset) => (offset & 0xFF0_7000) == 0 ? Volatile.Read(ref _functions[(int)(offset >> 15) & 31]) : null;

    /// <inheritdoc/>
    public ulong ReadMmio(ulong offset, int size)
    {
        if (Find(offset) is not { } function) return ulong.MaxValue;
        int register = (int)offset & 0xFFF;
        ulong value = function.ReadConfiguration(register, Math.Min(size, 4));
        return size == 8 ? value | (ulong)function.ReadConfiguration(register + 4, 4) << 32 : value;
    }

    /// <inheritdoc/>
    public void WriteMmio(ulong offset, int size, ulong value)
    {
        if (Find(offset) is not { } function) return;
        int register = (int)offset & 0xFFF;
        function.WriteConfiguration(register, Math.Min(size, 4), (uint)value);
        if (size == 8) function.WriteConfiguration(register + 4, 4, (uint)(value >> 32));
    }
}
