namespace Berth.Images.Layers;

/// <summary>Reports how far another stream has been read, about once for each hundredth.</summary>
internal sealed class ProgressStream(Stream source, string? id, string status, long total, IProgress<ImageProgress>? progress) : ReadOnlyStream
{
    private readonly long _step = Math.Max(1 << 20, total / 100);
    private long _count, _reported = -1;

    public override int Read(Span<byte> buffer) => Counted(source.Read(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Counted(await source.ReadAsync(buffer, cancellationToken));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
        }
        base.Dispose(disposing);
    }

    private int Counted(int count)
    {
        _count += count;
        if (progress is not null && (_reported < 0 || _count - _reported >= _step || (count == 0 && _reported != _count)))
        {
            _reported = _count;
            progress.Report(new ImageProgress(id, status, _count, total));
        }
        return count;
    }
}
