namespace Berth.Machine;

/// <summary>Guest-physical space outside RAM. Addresses that nobody owns read as all ones and swallow writes.</summary>
public sealed class MmioBus
{
    private readonly Lock _gate = new();
    private readonly List<Subscription> _subscriptions = [];
    private Slot[] _slots = [];

    private readonly record struct Slot(ulong Start, ulong Length, IMmioDevice Device);

    private sealed class Subscription(MmioBus bus, Action<ulong, IMmioDevice> added, Action<ulong, IMmioDevice> removed) : IDisposable
    {
        public Action<ulong, IMmioDevice> Added => added;

        public Action<ulong, IMmioDevice> Removed => removed;

        public void Dispose()
        {
            lock (bus._gate) bus._subscriptions.Remove(this);
        }
    }

    /// <summary>Tells of every device with its start: those that are there now, and those that come and go until the result is disposed.
    /// Calls come under the bus's lock.</summary>
    public IDisposable Subscribe(Action<ulong, IMmioDevice> added, Action<ulong, IMmioDevice> removed)
    {
        var subscription = new Subscription(this, added, removed);
        lock (_gate)
        {
            foreach (Slot slot in _slots) added(slot.Start, slot.Device);
            _subscriptions.Add(subscription);
        }
        return subscription;
    }

    /// <summary>Puts a device at a range; effective for accesses that start afterwards.</summary>
    /// <exception cref="ArgumentException">The range is empty, wraps, or overlaps another device.</exception>
    public void Add(ulong start, ulong length, IMmioDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (length == 0 || start + length < start) throw new ArgumentException($"Bad MMIO range at {start:x}.", nameof(start));
        lock (_gate)
        {
            foreach (Slot slot in _slots)
            {
                if (start < slot.Start + slot.Length && slot.Start < start + length)
                    throw new ArgumentException($"MMIO range {start:x} overlaps {slot.Device.GetType().Name} at {slot.Start:x}.", nameof(start));
            }
            Volatile.Write(ref _slots, [.. _slots.Append(new Slot(start, length, device)).OrderBy(s => s.Start)]);
            foreach (Subscription subscription in _subscriptions) subscription.Added(start, device);
        }
    }

    /// <summary>Takes the device at <paramref name="start"/> away, as when a guest moves a PCI BAR.</summary>
    public void Remove(ulong start)
    {
        lock (_gate)
        {
            foreach (Slot slot in _slots.Where(s => s.Start == start))
            {
                foreach (Subscription subscription in _subscriptions) subscription.Removed(start, slot.Device);
            }
            Volatile.Write(ref _slots, [.. _slots.Where(s => s.Start != start)]);
        }
    }

    /// <summary>Reads 1, 2, 4 or 8 bytes. An access across a device's edge is split into bytes.</summary>
    public ulong Read(ulong address, int size)
    {
        ulong mask = size == 8 ? ulong.MaxValue : (1UL << (size * 8)) - 1;
        if (Find(address) is { } slot && address - slot.Start + (ulong)size <= slot.Length)
            return slot.Device.ReadMmio(address - slot.Start, size) & mask;
        if (size == 1) return 0xFF;
        ulong value = 0;
        for (int i = 0; i < size; i++) value |= (Read(address + (ulong)i, 1) & 0xFF) << (8 * i);
        return value;
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes. An access across a device's edge is split into bytes.</summary>
    public void Write(ulong address, int size, ulong value)
    {
        if (Find(address) is { } slot && address - slot.Start + (ulong)size <= slot.Length)
            slot.Device.WriteMmio(address - slot.Start, size, value);
        else if (size > 1)
            for (int i = 0; i < size; i++) Write(address + (ulong)i, 1, (byte)(value >> (8 * i)));
    }

    private Slot? Find(ulong address)
    {
        Slot[] slots = Volatile.Read(ref _slots);
        int low = 0, high = slots.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            if (slots[middle].Start > address) high = middle - 1;
            else if (address - slots[middle].Start >= slots[middle].Length) low = middle + 1;
            else return slots[middle];
        }
        return null;
    }
}
