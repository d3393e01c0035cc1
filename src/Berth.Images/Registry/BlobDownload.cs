using System.Net;
using Berth.Images.Spec;
using Berth.Images.Store;

namespace Berth.Images.Registry;

/// <summary>Brings one blob into the store; what breaks off goes on where it ended, in this pull or a later one.</summary>
internal sealed class BlobDownload(RegistryRepository source, IngestSession session, Descriptor blob, IProgress<ImageProgress>? progress)
{
    private const long WatermarkStep = 64 << 20;

    private readonly string _id = blob.Digest.Hex[..12];
    private readonly DiskWatermark _watermark = new(session.Content.Paths.Partials, session.Content.Limits.MinFreeBytes);
    private long _nextCheck;

    /// <exception cref="ImageException">The registry does not have it, sends other content than announced, or breaks off for good.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        StoreContent content = session.Content;
        session.Pin(blob.Digest);
        using IDisposable only = await content.Downloading.EnterAsync(blob.Digest, cancellation);
        if (content.HasBlob(blob.Digest))
        {
            return;
        }
        if (blob.Size > content.Limits.MaxTotalBytes)
        {
            throw ImageException.BadArchive($"a layer of {blob.Size} bytes: more than {content.Limits.MaxTotalBytes} are not taken");
        }
        using (PartialBlob partial = content.Partials.Open(blob.Digest))
        {
            if (partial.Length > blob.Size)
            {
                partial.Restart();
            }
            await FillAsync(partial, cancellation);
            progress?.Report(new ImageProgress(_id, "Verifying Checksum"));
            partial.Finish();
            session.Adopt(partial.Path, blob.Digest);
        }
        progress?.Report(new ImageProgress(_id, "Download complete"));
    }

    private async Task FillAsync(PartialBlob partial, CancellationToken cancellation)
    {
        for (int failures = 0; partial.Length < blob.Size;)
        {
            long before = partial.Length;
            Exception? broken = await AppendAsync(partial, cancellation);
            if (partial.Length > before)
            {
                failures = 0;
            }
            if (broken is not null || partial.Length == before)
            {
                if (++failures > source.Session.Config.Retries)
                {
                    throw new ImageException(ImageErrorCode.Unavailable,
                        $"{source.Session.Endpoint.Address.Authority} broke off blob {blob.Digest} of {source.Name} after {partial.Length} of {blob.Size} bytes, {failures} times; pull again to go on from there", broken);
                }
                await source.Session.PauseAsync(failures, null, cancellation);
            }
        }
    }

    // What passes is returned, what does not is thrown.
    private async Task<Exception?> AppendAsync(PartialBlob partial, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await source.OpenBlobAsync(blob.Digest, partial.Length, cancellation);
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent when response.Content.Headers.ContentRange?.From == partial.Length:
                break;
            case HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable when partial.Length > 0:
                partial.Restart(); // this registry cannot go on in the middle
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    return new IOException("the registry cannot go on where the download ended");
                }
                break;
            case HttpStatusCode.OK:
                break;
            default:
                throw await RegistryErrors.FromAsync(response, source.Session.Endpoint, $"blob {blob.Digest} of {source.Name}", cancellation);
        }
        using var guard = new StallGuard(source.Session.Config.StallTimeout, cancellation);
        try
        {
            await CopyAsync(response, partial, guard);
            return null;
        }
        catch (Exception e) when (RegistrySession.IsConnectionFailure(e) && !IsDiskFailure(e) || (e is OperationCanceledException && guard.Stalled))
        {
            return e;
        }
    }

    private async Task CopyAsync(HttpResponseMessage response, PartialBlob partial, StallGuard guard)
    {
        await using Stream body = await response.Content.ReadAsStreamAsync(guard.Token);
        byte[] buffer = new byte[128 << 10];
        while (await body.ReadAsync(buffer, guard.Token) is > 0 and int count)
        {
            guard.Moved();
            if (partial.Length + count > blob.Size)
            {
                partial.Doom();
                throw ImageException.BadArchive($"{source.Session.Endpoint.Address.Authority} sends more than the {blob.Size} bytes that blob {blob.Digest} was announced with");
            }
            if (partial.Length >= _nextCheck)
            {
                _watermark.Check();
                _nextCheck = partial.Length + WatermarkStep;
            }
            partial.Append(buffer.AsSpan(0, count));
            progress?.Report(new ImageProgress(_id, "Downloading", partial.Length, blob.Size));
        }
    }

    // The file's own errors carry errno; the network's do not.
    private static bool IsDiskFailure(Exception e) => e is IOException { InnerException: null, HResult: (int)Linux.Errno.ENOSPC or (int)Linux.Errno.EDQUOT or (int)Linux.Errno.EIO };
}
