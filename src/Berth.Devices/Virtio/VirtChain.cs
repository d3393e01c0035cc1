using Berth.Machine;

namespace Berth.Devices.Virtio;

/// <summary>One request of a driver: the buffers it may be read from and written to. Every buffer has been checked to be RAM.</summary>
/// <remarks>Addresses are copies; what lies in the buffers may change at any time, so devices copy headers out before they check them.</remarks>
public sealed class VirtChain
{
    private readonly GuestMemory _memory;
    private readonly List<(ulong Address, int Length)> _readable = [];
    private readonly List<(ulong Address, int Length)> _writable = [];

    internal VirtChain(GuestMemory memory, ushort head) => (_memory, Head) = (memory, head);

    internal ushort Head { get; }

    /// <summary>Bytes the driver gives to the device.</summary>
    public long ReadableLength { get; private set; }

    /// <summary>Bytes the device may write.</summary>
    public long WritableLength { get; private set; }

    /// <summary>Buffers the driver gives, by guest address.</summary>
    public IReadOnlyList<(ulong Address, int Length)> Readable => _readable;

    /// <summary>Buffers for the device, by guest address.</summary>
    public IReadOnlyList<(ulong Address, int Length)> Writable => _writable;

    // False where the buffer is not RAM or comes in the wrong order.
    internal bool Add(ulong address, uint length, bool write)
    {
        if (!write && _writable.Count > 0) return false;
        if (length == 0) return true;
        if (length > int.MaxValue || _memory.Span(address, (int)length).Length != (int)length) return false;
        if (write)
        {
            _writable.Add((address, (int)length));
            WritableLength += length;
        }
        else
        {
            _readable.Add((address, (int)length));
            ReadableLength += length;
        }
        return true;
    }

    /// <summary>Copies what the driver gave, from <paramref name="offset"/> on; answers how many bytes there were.</summary>
    public int Read(long offset, Span<byte> destination)
    {
        int done = 0;
        foreach (Memory part in new Parts(_readable, offset, destination.Length))
        {
            _memory.Span(part.Address, part.Length).CopyTo(destination[done..]);
            done += part.Length;
        }
        return done;
    }

    /// <summary>Copies into the device's buffers from <paramref name="offset"/> on; answers how many bytes fitted.</summary>
    public int Write(long offset, ReadOnlySpan<byte> source)
    {
        int done = 0;
        foreach (Memory part in new Parts(_writable, offset, source.Length))
        {
            _memory.Write(part.Address, source.Slice(done, part.Length));
            done += part.Length;
        }
        return done;
    }

    /// <summary>Calls <paramref name="action"/> with RAM the driver gave, piece by piece; stops and answers false when it does.</summary>
    public bool ForEachReadable(long offset, long length, ReadPart action)
    {
        ArgumentNullException.ThrowIfNull(action);
        foreach (Memory part in new Parts(_readable, offset, length))
            if (!action(part.Offset, _memory.Span(part.Address, part.Length))) return false;
        return true;
    }

    /// <summary>Calls <paramref name="action"/> with RAM for the device to fill, piece by piece; stops and answers false when it does.</summary>
    public bool ForEachWritable(long offset, long length, WritePart action)
    {
        ArgumentNullException.ThrowIfNull(action);
        foreach (Memory part in new Parts(_writable, offset, length))
        {
            bool ok = action(part.Offset, _memory.Span(part.Address, part.Length));
            _memory.MarkWritten(part.Address, part.Length);
            if (!ok) return false;
        }
        return true;
    }

    /// <summary>Takes a piece of a request; <paramref name="offset"/> counts from where the walk began.</summary>
    public delegate bool ReadPart(long offset, ReadOnlySpan<byte> data);

    /// <summary>Fills a piece of a request; <paramref name="offset"/> counts from where the walk began.</summary>
    public delegate bool WritePart(long offset, Span<byte> data);

    private readonly record struct Memory(ulong Address, int Length, long Offset);

    // The pieces of a list of buffers from an offset on.
    private sealed class Parts(List<(ulong Address, int Length)> buffers, long offset, long length)
    {
        public IEnumerator<Memory> GetEnumerator()
        {
            long skip = offset, left = length, done = 0;
            foreach ((ulong address, int size) in buffers)
            {
                if (left <= 0) yield break;
                if (skip >= size)
                {
                    skip -= size;
                    continue;
                }
                int take = (int)Math.Min(size - skip, left);
                yield return new(address + (ulong)skip, take, done);
                (skip, left, done) = (0, left - take, done + take);
            }
        }
    }
}
