namespace Berth.Supervisor.Events;

/// <summary>Bytes waiting for a slow reader, in one array that grows and is given back when empty.</summary>
internal sealed class ByteQueue
{
    private const int Smallest = 4096;
    private byte[] _bytes = [];
    private int _start;

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(_start, Count);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_start + Count + bytes.Length > _bytes.Length)
        {
            int capacity = Math.Max(Smallest, _bytes.Length);
            while (capacity < Count + bytes.Length)
                capacity = checked(capacity * 2);
            byte[] target = capacity == _bytes.Length ? _bytes : new byte[capacity];
            Span.CopyTo(target);
            (_bytes, _start) = (target, 0);
        }
        bytes.CopyTo(_bytes.AsSpan(_start + Count));
        Count += bytes.Length;
    }

    public void Remove(int count)
    {
        _start += count;
        Count -= count;
        if (Count == 0)
        {
            _start = 0;
            if (_bytes.Length > Smallest)
                _bytes = [];
        }
    }

    public void Clear() => Remove(Count);
}
