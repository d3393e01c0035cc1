using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Berth.Machine;

namespace Berth.Devices.Virtio;

/// <summary>A split virtqueue, device side. Spec: [VIRTIO] 2.7.</summary>
/// <remarks>Descriptors are copied out, then checked. A driver that breaks the rules breaks its queue until the next reset. One thread at a time.</remarks>
public sealed class Virtqueue(GuestMemory memory, ushort maximumSize)
{
    // [VIRTIO] 2.7.5
    private const ushort HasNext = 1, DeviceWrites = 2, Indirect = 4;
    private const int DescriptorSize = 16;
    private const ushort NoInterrupt = 1;

    /// <summary>Descriptors one request may have, tables included.</summary>
    public const int LongestChain = 1024;

    /// <summary>Everything the guest can see, and how far the device has come.</summary>
    public record struct Registers
    {
        /// <summary>Entries, a power of two.</summary>
        public ushort Size { get; set; }

        /// <summary>Whether the driver has enabled the queue.</summary>
        public bool Ready { get; set; }

        /// <summary>MSI-X vector, 0xFFFF for none.</summary>
        public ushort Vector { get; set; }

        /// <summary>Guest address of the descriptor table.</summary>
        public ulong Descriptors { get; set; }

        /// <summary>Guest address of the available ring.</summary>
        public ulong Available { get; set; }

        /// <summary>Guest address of the used ring.</summary>
        public ulong Used { get; set; }

        /// <summary>Next available entry to take.</summary>
        public ushort NextAvailable { get; set; }

        /// <summary>Next used entry to fill.</summary>
        public ushort NextUsed { get; set; }

        /// <summary>Used index at the last look at whether to interrupt.</summary>
        public ushort Signalled { get; set; }

        /// <summary>Whether event indexes were negotiated.</summary>
        public bool EventIndex { get; set; }

        /// <summary>Whether the driver broke the rules.</summary>
        public bool Broken { get; set; }
    }

    private Registers _s = Fresh(maximumSize);

    private static Registers Fresh(ushort size) => new() { Size = size, Vector = 0xFFFF };

    /// <summary>Most entries the device offers.</summary>
    public ushort MaximumSize => maximumSize;

    /// <summary>All of the state.</summary>
    public Registers State { get => _s; set => _s = value; }

    /// <summary>Whether requests may be taken.</summary>
    public bool IsUsable => _s.Ready && !_s.Broken;

    /// <summary>Disabled, empty, at its largest size.</summary>
    public void Reset() => _s = Fresh(maximumSize);

    /// <summary>Enables the queue if size, alignment and place of its parts are right.</summary>
    public bool TryEnable(bool eventIndex)
    {
        ushort size = _s.Size;
        bool valid = size is > 0 && size <= maximumSize && (size & (size - 1)) == 0
            && (_s.Descriptors & 15) == 0 && (_s.Available & 1) == 0 && (_s.Used & 3) == 0
            && memory.HostAddress(_s.Descriptors, size * 16UL) != 0
            && memory.HostAddress(_s.Available, 6 + size * 2UL) != 0
            && memory.HostAddress(_s.Used, 6 + size * 8UL) != 0;
        if (!valid) return false;
        (_s.Ready, _s.EventIndex) = (true, eventIndex);
        return true;
    }

    private ref ushort Shared(ulong address) => ref MemoryMarshal.AsRef<ushort>(memory.Span(address, 2));

    private ulong UsedEvent => _s.Available + 4 + 2UL * _s.Size;

    private ulong AvailableEvent => _s.Used + 4 + 8UL * _s.Size;

    /// <summary>Takes the next request; null if there is none or the driver broke the rules.</summary>
    public VirtChain? Pop()
    {
        if (!IsUsable) return null;
        ushort waiting = (ushort)(Volatile.Read(ref Shared(_s.Available + 2)) - _s.NextAvailable);
        if (waiting == 0) return null;
        if (waiting > _s.Size) return Break();
        ushort head = Shared(_s.Available + 4 + 2UL * (uint)(_s.NextAvailable & (_s.Size - 1)));
        if (head >= _s.Size) return Break();
        var chain = new VirtChain(memory, head);
        if (!Walk(chain, _s.Descriptors, _s.Size, head, LongestChain, indirectAllowed: true)) return Break();
        _s.NextAvailable++;
        return chain;
    }

    /// <summary>Gives the last taken request back to the queue, as when a device lacks what it needs to serve it.</summary>
    public void Unpop() => _s.NextAvailable--;

    // Steps are counted, so a loop ends as too long a chain.
    private bool Walk(VirtChain chain, ulong table, uint count, uint index, int left, bool indirectAllowed)
    {
        Span<byte> copy = stackalloc byte[DescriptorSize];
        for (; left > 0; left--)
        {
            if (index >= count || !memory.Read(table + index * (ulong)DescriptorSize, copy)) return false;
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(copy);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(copy[8..]);
            ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(copy[12..]), next = BinaryPrimitives.ReadUInt16LittleEndian(copy[14..]);
            if ((flags & Indirect) != 0)
            {
                bool valid = indirectAllowed && (flags & HasNext) == 0 && length > 0 && length % DescriptorSize == 0
                    && length / DescriptorSize <= LongestChain && memory.HostAddress(address, length) != 0;
                return valid && Walk(chain, address, length / DescriptorSize, 0, left - 1, indirectAllowed: false);
            }
            if (!chain.Add(address, length, (flags & DeviceWrites) != 0)) return false;
            if ((flags & HasNext) == 0) return true;
            index = next;
        }
        return false;
    }

    private VirtChain? Break()
    {
        _s.Broken = true;
        return null;
    }

    /// <summary>Returns a request with the number of bytes written to its buffers.</summary>
    public void Push(VirtChain chain, uint written)
    {
        ArgumentNullException.ThrowIfNull(chain);
        if (!IsUsable) return;
        Span<byte> entry = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, chain.Head);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], written);
        memory.Write(_s.Used + 4 + 8UL * (uint)(_s.NextUsed & (_s.Size - 1)), entry);
        _s.NextUsed++;
        Volatile.Write(ref Shared(_s.Used + 2), _s.NextUsed);
        memory.MarkWritten(_s.Used + 2, 2);
    }

    /// <summary>Whether the driver wants an interrupt for what was pushed since the last call.</summary>
    public bool TakeInterrupt()
    {
        if (!IsUsable || _s.NextUsed == _s.Signalled) return false;
        // The index above must be seen before the driver's wish is read.
        Interlocked.MemoryBarrier();
        ushort before = _s.Signalled;
        _s.Signalled = _s.NextUsed;
        if (!_s.EventIndex) return (Volatile.Read(ref Shared(_s.Available)) & NoInterrupt) == 0;
        ushort wanted = Volatile.Read(ref Shared(UsedEvent));
        return (ushort)(_s.NextUsed - wanted - 1) < (ushort)(_s.NextUsed - before);
    }

    /// <summary>Asks the driver to tell of its next request; true if one has come in the meantime.</summary>
    public bool Rearm()
    {
        if (!IsUsable) return false;
        if (_s.EventIndex)
        {
            Volatile.Write(ref Shared(AvailableEvent), _s.NextAvailable);
            memory.MarkWritten(AvailableEvent, 2);
        }
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref Shared(_s.Available + 2)) != _s.NextAvailable;
    }
}
