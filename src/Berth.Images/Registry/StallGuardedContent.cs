using System.Net;

namespace Berth.Images.Registry;

/// <summary>Part of a file as the body of a request; every piece that goes out moves the guard.</summary>
internal sealed class StallGuardedContent : HttpContent
{
    private readonly Func<Stream> _open;
    private readonly long _offset, _length;
    private readonly Action<long>? _sent;

    public StallGuardedContent(Func<Stream> open, long offset, long length, Action<long>? sent)
    {
        (_open, _offset, _length, _sent) = (open, offset, length, sent);
        Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/octet-stream");
        Headers.ContentLength = length;
    }

    /// <summary>Told of every piece.</summary>
    public StallGuard? Guard { get; set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using Stream source = _open();
        source.Seek(_offset, SeekOrigin.Begin);
        byte[] buffer = new byte[128 << 10];
        for (long left = _length; left > 0;)
        {
            int count = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken);
            if (count == 0)
            {
                throw new EndOfStreamException("a blob of the image store became shorter while it was sent");
            }
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            left -= count;
            Guard?.Moved();
            _sent?.Invoke(_offset + _length - left);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }
}
