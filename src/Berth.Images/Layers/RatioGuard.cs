using Berth.Images.Tar;

namespace Berth.Images.Layers;

/// <summary>Stops a decompression that yields far more than was put in, and gives its errors one shape.</summary>
internal sealed class RatioGuard(PeekedStream compressed, Stream decompressed, ArchiveLimits limits) : ReadOnlyStream
{
    private long _produced;

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Counted(decompressed.Read(buffer));
        }
        catch (InvalidDataException e)
        {
            throw Corrupt(e);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return Counted(await decompressed.ReadAsync(buffer, cancellationToken));
        }
        catch (InvalidDataException e)
        {
            throw Corrupt(e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            decompressed.Dispose();
        }
        base.Dispose(disposing);
    }

    private static ImageException Corrupt(InvalidDataException cause) =>
        new(ImageErrorCode.InvalidArchive, $"the compressed data is corrupt or cut off: {cause.Message}", cause);

    private int Counted(int count)
    {
        _produced += count;
        return _produced <= limits.RatioFreeBytes || _produced / Math.Max(1, compressed.Count) <= limits.MaxRatio
            ? count
            : throw ImageException.BadArchive($"the data grows more than {limits.MaxRatio}-fold when decompressed, which only a decompression bomb does");
    }
}
