using System.Buffers.Binary;
using Berth.Machine;

namespace Berth.Devices.Pci;

/// <summary>The configuration space of one function: header, base address registers, capabilities. Spec: [PCI] 6.</summary>
/// <remarks>Bytes are written through a mask, so what is not writable cannot be written. Regions follow their registers on the buses.</remarks>
public class PciFunction
{
    /// <summary>Bytes of configuration space, all but the first 256 unused.</summary>
    public const int ConfigurationSize = 256;

    // [PCI] figure 6-1
    private const int Command = 0x04, Status = 0x06, Bars = 0x10, CapabilitiesPointer = 0x34, InterruptLine = 0x3C, InterruptPin = 0x3D;
    private const ushort PortSpace = 1, MemorySpace = 2, BusMaster = 4, InterruptDisable = 1 << 10, InterruptStatus = 1 << 3, HasCapabilities = 1 << 4;
    private const int FirstCapability = 0x40;

    private readonly byte[] _bytes = new byte[ConfigurationSize];
    private readonly byte[] _writable = new byte[ConfigurationSize];
    private readonly byte[] _initial = new byte[ConfigurationSize];
    private readonly PciBar?[] _bars = new PciBar?[6];
    private readonly ulong?[] _mapped = new ulong?[6];
    private readonly IInterruptLine? _line;
    private PortBus? _ports;
    private MmioBus? _mmio;
    private int _nextCapability = FirstCapability;
    private int _lastCapability = CapabilitiesPointer;
    private bool _interrupt;

    /// <summary>A function that drives <paramref name="line"/> as INTA, or has no interrupt pin.</summary>
    public PciFunction(PciIdentity identity, IInterruptLine? line = null)
    {
        ArgumentNullException.ThrowIfNull(identity);
        _line = line;
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes, identity.Vendor);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(2), identity.Device);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(8), identity.ClassCode << 8 | identity.Revision);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(0x2C), identity.SubsystemVendor);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(0x2E), identity.Subsystem);
        SetWritable(Command, [(byte)(PortSpace | MemorySpace | BusMaster), (byte)(InterruptDisable >> 8)]);
        SetWritable(InterruptLine, [0xFF]);
        _bytes[InterruptPin] = (byte)(line is null ? 0 : 1);
        _bytes.CopyTo(_initial, 0);
    }

    /// <summary>Guards configuration space; devices may hold it while they change what guests see.</summary>
    protected Lock Gate { get; } = new();

    /// <summary>Whether the guest allows the device to read and write memory and to send messages.</summary>
    public bool IsBusMaster => (Word(Command) & BusMaster) != 0;

    /// <summary>All of configuration space; regions move when it is set.</summary>
    public byte[] State
    {
        get { lock (Gate) return [.. _bytes]; }
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Length != ConfigurationSize) throw new ArgumentException($"Configuration space has {ConfigurationSize} bytes.", nameof(value));
            lock (Gate)
            {
                value.CopyTo(_bytes, 0);
                Remap();
            }
        }
    }

    /// <summary>Bus reset: registers as made, regions off the buses.</summary>
    public virtual void Reset() => State = _initial;

    /// <summary>For the end of a machine: when this returns, the device touches guest memory no more, and never will.</summary>
    public virtual void Stop()
    {
    }

    internal void Connect(PortBus ports, MmioBus mmio) => (_ports, _mmio) = (ports, mmio);

    /// <summary>Takes the regions off the buses for good: whatever is written from here on moves nothing.</summary>
    internal void Disconnect()
    {
        lock (Gate)
        {
            for (int i = 0; i < _bars.Length; i++)
            {
                if (_bars[i] is { } bar) Unmap(i, bar);
            }
            (_ports, _mmio) = (null, null);
        }
    }

    /// <summary>Adds a region. Its register is sized by writing ones, as guests do.</summary>
    protected void AddBar(PciBar bar)
    {
        ArgumentNullException.ThrowIfNull(bar);
        ulong least = bar.Ports is null ? 16UL : 4;
        if (bar.Size < least || (bar.Size & (bar.Size - 1)) != 0) throw new ArgumentException($"A region of {bar.Size} bytes is not a power of two.", nameof(bar));
        int at = Bars + 4 * bar.Index;
        ulong mask = ~(bar.Size - 1);
        Span<byte> register = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(register, mask);
        bool wide = bar.Ports is null && bar.Is64Bit;
        SetWritable(at, register[..(wide ? 8 : 4)]);
        _bytes[at] = (byte)(bar.Ports is not null ? 1 : wide ? 4 : 0);
        _initial[at] = _bytes[at];
        _bars[bar.Index] = bar;
    }

    /// <summary>Adds a capability after those before it; answers its offset. <paramref name="body"/> begins behind the two header bytes.</summary>
    protected int AddCapability(byte id, ReadOnlySpan<byte> body, ReadOnlySpan<byte> writable = default)
    {
        int at = _nextCapability;
        if (at + 2 + body.Length > ConfigurationSize) throw new InvalidOperationException("Configuration space has no room for another capability.");
        _bytes[_lastCapability == CapabilitiesPointer ? CapabilitiesPointer : _lastCapability + 1] = (byte)at;
        _bytes[at] = id;
        body.CopyTo(_bytes.AsSpan(at + 2));
        SetWritable(at + 2, writable);
        _bytes[Status] |= (byte)HasCapabilities;
        (_lastCapability, _nextCapability) = (at, (at + 2 + body.Length + 3) & ~3);
        _bytes.CopyTo(_initial, 0);
        return at;
    }

    private void SetWritable(int at, ReadOnlySpan<byte> mask) => mask.CopyTo(_writable.AsSpan(at));

    /// <summary>The 16 bits at an offset.</summary>
    protected ushort Word(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset));

    /// <summary>The 32 bits at an offset.</summary>
    protected uint DoubleWord(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset));

    /// <summary>Drives the interrupt pin, unless the guest has disabled it.</summary>
    protected void SetInterrupt(bool high)
    {
        lock (Gate)
        {
            _interrupt = high;
            UpdateInterrupt();
        }
    }

    private void UpdateInterrupt()
    {
        _bytes[Status] = (byte)(_interrupt ? _bytes[Status] | InterruptStatus : _bytes[Status] & ~InterruptStatus);
        _line?.Set(_interrupt && (Word(Command) & InterruptDisable) == 0);
    }

    /// <summary>Reads 1, 2 or 4 bytes; what lies beyond the end reads as zero.</summary>
    public virtual uint ReadConfiguration(int offset, int size)
    {
        lock (Gate)
        {
            uint value = 0;
            for (int i = 0; i < size && offset + i < ConfigurationSize; i++) value |= (uint)_bytes[offset + i] << (8 * i);
            return value;
        }
    }

    /// <summary>Writes 1, 2 or 4 bytes as far as they are writable.</summary>
    public virtual void WriteConfiguration(int offset, int size, uint value)
    {
        lock (Gate)
        {
            for (int i = 0; i < size && offset + i < ConfigurationSize; i++)
            {
                byte mask = _writable[offset + i];
                _bytes[offset + i] = (byte)((_bytes[offset + i] & ~mask) | ((byte)(value >> (8 * i)) & mask));
            }
            if (offset < Bars + 24 && offset + size > Command) Remap();
        }
    }

    // Regions that would overlap another device stay off the bus until the guest moves them, as a guest does while it sizes them.
    private void Remap()
    {
        UpdateInterrupt();
        ushort command = Word(Command);
        for (int i = 0; i < _bars.Length; i++)
        {
            if (_bars[i] is not { } bar || _ports is null || _mmio is null) continue;
            bool decodes = (command & (bar.Ports is null ? MemorySpace : PortSpace)) != 0;
            ulong? wanted = decodes ? Address(bar) : null;
            if (wanted == _mapped[i]) continue;
            Unmap(i, bar);
            _mapped[i] = wanted is { } start && TryMap(bar, start) ? wanted : null;
        }
    }

    private void Unmap(int index, PciBar bar)
    {
        if (_mapped[index] is not { } start) return;
        if (bar.Ports is null) _mmio!.Remove(start);
        else _ports!.Remove(new((ushort)start, (int)bar.Size));
        _mapped[index] = null;
    }

    private ulong? Address(PciBar bar)
    {
        int at = Bars + 4 * bar.Index;
        ulong low = DoubleWord(at);
        if (bar.Ports is not null) return (low & ~3UL) is var port && port != 0 && port + bar.Size <= 0x10000 ? port : null;
        ulong start = (low & ~0xFUL) | (bar.Is64Bit ? (ulong)DoubleWord(at + 4) << 32 : 0);
        // RAM is looked up before the bus: a region over RAM is not seen, and one at zero is not set yet.
        return start != 0 && start + bar.Size > start && start < 1UL << 52 ? start : null;
    }

    private bool TryMap(PciBar bar, ulong start)
    {
        try
        {
            if (bar.Ports is { } ports) _ports!.Add(new((ushort)start, (int)bar.Size), ports);
            else _mmio!.Add(start, bar.Size, bar.Memory!);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
