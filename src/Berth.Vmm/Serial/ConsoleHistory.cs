namespace Berth.Vmm.Serial;

/// <summary>The last bytes of a console.</summary>
internal sealed class ConsoleHistory
{
    private readonly byte[] _ring = new byte[128 << 10];
    private long _written;

    public void Add(ReadOnlySpan<byte> data)
    {
        if (data.Length > _ring.Length) data = data[^_ring.Length..];
        while (!data.IsEmpty)
        {
            int at = (int)(_written % _ring.Length), run = Math.Min(data.Length, _ring.Length - at);
            data[..run].CopyTo(_ring.AsSpan(at));
            _written += run;
            data = data[run..];
        }
    }

    public byte[] ToArray()
    {
        if (_written <= _ring.Length) return _ring[..(int)_written];
        int at = (int)(_written % _ring.Length);
        return [.. _ring.AsSpan(at), .. _ring.AsSpan(0, at)];
    }
}
