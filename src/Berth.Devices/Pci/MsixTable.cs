using Berth.Machine;

namespace Berth.Devices.Pci;

/// <summary>The table of MSI-X vectors and its pending bits, as one memory region. Spec: [PCI] 6.8.2.</summary>
/// <remarks>The table lies at offset 0 of the region, pending bits at <see cref="PendingOffset"/>.</remarks>
public sealed class MsixTable : IMmioDevice
{
    /// <summary>Where pending bits begin.</summary>
    public const int PendingOffset = 0x800;

    /// <summary>Bytes of the region: room for 128 vectors.</summary>
    public const int Length = 0x1000;

    private const int EntrySize = 16, AddressLow = 0, AddressHigh = 4, Data = 8, Control = 12;
    private const uint Masked = 1;

    /// <summary>One vector as the guest wrote it, and whether it waits for its mask to go.</summary>
    public record struct Entry(ulong Address, uint Data, uint Control, bool Pending);

    private readonly Lock _gate = new();
    private readonly Entry[] _entries;

    // Where the backend has a better way than sending; made when a vector is first sent, given back when its message changes.
    private readonly IMessageRoute?[] _routes;
    private readonly bool[] _routed;
    private readonly IMessageInterrupts _messages;
    private bool _enabled;
    private bool _maskAll;

    /// <summary>A table of 1 to 128 vectors, all masked.</summary>
    public MsixTable(int count, IMessageInterrupts messages)
    {
        if (count is < 1 or > PendingOffset / EntrySize) throw new ArgumentOutOfRangeException(nameof(count), count, "MSI-X has 1 to 128 vectors here.");
        _entries = new Entry[count];
        _routes = new IMessageRoute?[count];
        _routed = new bool[count];
        _messages = messages;
        Reset();
    }

    /// <summary>Number of vectors.</summary>
    public int Count => _entries.Length;

    /// <summary>Whether the guest uses MSI-X in place of the interrupt pin.</summary>
    public bool IsEnabled { get { lock (_gate) return _enabled; } }

    /// <summary>The vectors.</summary>
    public Entry[] State
    {
        get { lock (_gate) return [.. _entries]; }
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Length != _entries.Length) throw new ArgumentException($"The table has {_entries.Length} vectors.", nameof(value));
            lock (_gate)
            {
                for (int i = 0; i < value.Length; i++) Disconnect(i);
                value.CopyTo(_entries, 0);
            }
        }
    }

    /// <summary>All vectors masked, nothing pending, disabled.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            for (int i = 0; i < _entries.Length; i++) Disconnect(i);
            _entries.AsSpan().Fill(new(0, 0, Masked, false));
            (_enabled, _maskAll) = (false, false);
        }
    }

    /// <summary>Follows bits 15 and 14 of the capability's message control.</summary>
    internal void SetControl(ushort control)
    {
        lock (_gate)
        {
            (_enabled, _maskAll) = ((control & 0x8000) != 0, (control & 0x4000) != 0);
            for (int i = 0; i < _entries.Length; i++) Release(i);
        }
    }

    /// <summary>Sends vector <paramref name="index"/>, or remembers it while masked. Numbers beyond the table are dropped.</summary>
    public void Raise(int index)
    {
        lock (_gate)
        {
            if ((uint)index >= (uint)_entries.Length || !_enabled) return;
            _entries[index].Pending = true;
            Release(index);
        }
    }

    private void Release(int index)
    {
        ref Entry entry = ref _entries[index];
        if (!entry.Pending || !_enabled || _maskAll || (entry.Control & Masked) != 0) return;
        entry.Pending = false;
        if (!_routed[index]) (_routed[index], _routes[index]) = (true, _messages.Connect(entry.Address, entry.Data));
        if (_routes[index] is { } route) route.Send();
        else _messages.Send(entry.Address, entry.Data);
    }

    private void Disconnect(int index)
    {
        _routes[index]?.Dispose();
        (_routed[index], _routes[index]) = (false, null);
    }

    /// <inheritdoc/>
    public ulong ReadMmio(ulong offset, int size)
    {
        lock (_gate)
        {
            int aligned = (int)offset & ~3;
            ulong value = Read(aligned) | (size == 8 ? (ulong)Read(aligned + 4) << 32 : 0);
            return value >> (8 * ((int)offset & 3));
        }
    }

    private uint Read(int offset)
    {
        if (offset >= PendingOffset)
        {
            uint bits = 0;
            int first = (offset - PendingOffset) * 8;
            for (int i = 0; i < 32 && first + i < _entries.Length; i++) bits |= _entries[first + i].Pending ? 1u << i : 0;
            return bits;
        }
        if (offset / EntrySize >= _entries.Length) return 0;
        Entry entry = _entries[offset / EntrySize];
        return (offset % EntrySize) switch
        {
            AddressLow => (uint)entry.Address,
            AddressHigh => (uint)(entry.Address >> 32),
            Data => entry.Data,
            _ => entry.Control,
        };
    }

    /// <inheritdoc/>
    public void WriteMmio(ulong offset, int size, ulong value)
    {
        // Software must use whole dwords; anything else is undefined and dropped.
        if (size < 4 || (offset & 3) != 0) return;
        lock (_gate)
        {
            Write((int)offset, (uint)value);
            if (size == 8) Write((int)offset + 4, (uint)(value >> 32));
        }
    }

    private void Write(int offset, uint value)
    {
        int index = offset / EntrySize;
        if (offset >= PendingOffset || index >= _entries.Length) return;
        ref Entry entry = ref _entries[index];
        switch (offset % EntrySize)
        {
            case AddressLow:
                entry.Address = (entry.Address & ~0xFFFF_FFFFUL) | (value & ~3u);
                Disconnect(index);
                break;
            case AddressHigh:
                entry.Address = (uint)entry.Address | (ulong)value << 32;
                Disconnect(index);
                break;
            case Data:
                entry.Data = value;
                Disconnect(index);
                break;
            default:
                entry.Control = value & Masked;
                Release(index);
                break;
        }
    }
}
