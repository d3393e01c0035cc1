namespace Berth.Images.Layers;

/// <summary>A stream whose first bytes were already taken, with them put back; counts what is read. The rest stays its owner's.</summary>
internal sealed class PeekedStream(ReadOnlyMemory<byte> start, Stream rest) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> _start = start;

    /// <summary>Bytes read so far.</summary>
    public long Count { get; private set; }

    public override int Read(Span<byte> buffer) => Counted(_start.IsEmpty ? rest.Read(buffer) : TakeStart(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Counted(_start.IsEmpty ? await rest.ReadAsync(buffer, cancellationToken) : TakeStart(buffer.Span));

    private int TakeStart(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _start.Length);
        _start.Span[..count].CopyTo(buffer);
        _start = _start[count..];
        return count;
    }

    private int Counted(int count)
    {
        Count += count;
        return count;
    }
}
