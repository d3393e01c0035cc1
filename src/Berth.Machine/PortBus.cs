namespace Berth.Machine;

/// <summary>The 64 Ki I/O ports. Ports that nobody owns read as all ones and swallow writes, as on a PC.</summary>
public sealed class PortBus
{
    private readonly Lock _gate = new();
    private Slot[] _slots = [];

    private readonly record struct Slot(PortRange Range, IPortDevice Device);

    /// <summary>Puts a device at a range; effective for accesses that start afterwards.</summary>
    /// <exception cref="ArgumentException">The range is empty, beyond port 65535, or overlaps another device.</exception>
    public void Add(PortRange range, IPortDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (range.Count <= 0 || range.First + range.Count > 0x10000) throw new ArgumentException($"Bad port range {range}.", nameof(range));
        lock (_gate)
        {
            foreach (Slot slot in _slots)
            {
                if (range.First < slot.Range.First + slot.Range.Count && slot.Range.First < range.First + range.Count)
                    throw new ArgumentException($"Ports {range} overlap {slot.Range} of {slot.Device.GetType().Name}.", nameof(range));
            }
            Volatile.Write(ref _slots, [.. _slots.Append(new Slot(range, device)).OrderBy(s => s.Range.First)]);
        }
    }

    /// <summary>Takes a device away, as when a guest moves a PCI BAR.</summary>
    public void Remove(PortRange range)
    {
        lock (_gate) Volatile.Write(ref _slots, [.. _slots.Where(s => s.Range != range)]);
    }

    /// <summary>Reads 1, 2 or 4 bytes. An access across a device's edge is split into bytes.</summary>
    public uint Read(ushort port, int size)
    {
        uint mask = size == 4 ? uint.MaxValue : (1u << (size * 8)) - 1;
        if (Find(port) is { } slot && port - slot.Range.First + size <= slot.Range.Count)
            return slot.Device.ReadPort(port - slot.Range.First, size) & mask;
        if (size == 1) return 0xFF;
        uint value = 0;
        for (int i = 0; i < size; i++) value |= (Read((ushort)(port + i), 1) & 0xFF) << (8 * i);
        return value;
    }

    /// <summary>Writes 1, 2 or 4 bytes. An access across a device's edge is split into bytes.</summary>
    public void Write(ushort port, int size, uint value)
    {
        if (Find(port) is { } slot && port - slot.Range.First + size <= slot.Range.Count)
            slot.Device.WritePort(port - slot.Range.First, size, value);
        else if (size > 1)
            for (int i = 0; i < size; i++) Write((ushort)(port + i), 1, (byte)(value >> (8 * i)));
    }

    private Slot? Find(ushort port)
    {
        Slot[] slots = Volatile.Read(ref _slots);
        int low = 0, high = slots.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            if (slots[middle].Range.Contains(port)) return slots[middle];
            if (slots[middle].Range.First > port) high = middle - 1;
            else low = middle + 1;
        }
        return null;
    }
}
