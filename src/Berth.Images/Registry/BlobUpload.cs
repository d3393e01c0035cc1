using System.Net;
using Berth.Images.Spec;
using Berth.Images.Store;

namespace Berth.Images.Registry;

/// <summary>Sends one blob to a repository unless it is there or can be mounted; what breaks off goes on where the registry says.</summary>
internal sealed class BlobUpload(RegistryRepository target, StoreContent content, Descriptor blob, IReadOnlyList<string> mountFrom, IProgress<ImageProgress>? progress)
{
    private const long MonolithicBytes = 4 << 20;
    private const long ChunkBytes = 64 << 20;
    private const int MaxMounts = 3;

    private readonly string _id = blob.Digest.Hex[..12];

    public async Task RunAsync(CancellationToken cancellation)
    {
        if (await target.HasBlobAsync(blob.Digest, cancellation))
        {
            progress?.Report(new ImageProgress(_id, "Layer already exists"));
            return;
        }
        Uri? address = null;
        foreach (string from in mountFrom.Take(MaxMounts))
        {
            address = await target.StartUploadAsync(blob.Digest, from, cancellation);
            if (address is null)
            {
                progress?.Report(new ImageProgress(_id, $"Mounted from {from}"));
                return;
            }
        }
        for (int failures = 0; ;)
        {
            address ??= await target.StartUploadAsync(blob.Digest, null, cancellation);
            try
            {
                await SendAsync(address!, cancellation);
                progress?.Report(new ImageProgress(_id, "Pushed"));
                return;
            }
            catch (UploadLostException) when (failures++ < target.Session.Config.Retries)
            {
                address = null; // begin anew
                await target.Session.PauseAsync(failures, null, cancellation);
            }
        }
    }

    // [OCI-DIST] "Pushing a blob in chunks": small blobs in one request, large ones in pieces, so that a broken connection costs a piece.
    private async Task SendAsync(Uri address, CancellationToken cancellation)
    {
        if (blob.Size <= MonolithicBytes)
        {
            await CompleteAsync(address, () => Piece(0, blob.Size), cancellation);
            return;
        }
        int failures = 0;
        for (long sent = 0; sent < blob.Size;)
        {
            long offset = sent, length = Math.Min(ChunkBytes, blob.Size - sent);
            Exception? broken = null;
            try
            {
                using HttpResponseMessage response = await target.SendUploadAsync(HttpMethod.Patch, address, () => Ranged(offset, length), cancellation);
                if (response.StatusCode == HttpStatusCode.Accepted)
                {
                    address = target.Location(response);
                    sent = offset + length;
                    failures = 0;
                    continue;
                }
                if (response.StatusCode is not (HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.NotFound))
                {
                    throw await RegistryErrors.FromAsync(response, target.Session.Endpoint, $"pushing blob {blob.Digest} to {target.Name}", cancellation);
                }
            }
            catch (ImageException e) when (e.Code == ImageErrorCode.Unavailable)
            {
                broken = e;
            }
            if (failures++ >= target.Session.Config.Retries)
            {
                throw broken ?? new UploadLostException();
            }
            (long have, Uri next) = await target.UploadStatusAsync(address, cancellation) is { } status && status.Have <= blob.Size
                ? status
                : throw new UploadLostException();
            (sent, address) = (have, next);
        }
        await CompleteAsync(address, () => new ByteArrayContent([]), cancellation);
    }

    private async Task CompleteAsync(Uri address, Func<HttpContent> body, CancellationToken cancellation)
    {
        string separator = address.Query.Length > 0 ? "&" : "?";
        var complete = new Uri($"{address.GetLeftPart(UriPartial.Query)}{separator}digest={Uri.EscapeDataString(blob.Digest.ToString())}");
        using HttpResponseMessage response = await target.SendUploadAsync(HttpMethod.Put, complete, body, cancellation);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            throw new UploadLostException();
        }
        if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.NoContent))
        {
            throw await RegistryErrors.FromAsync(response, target.Session.Endpoint, $"pushing blob {blob.Digest} to {target.Name}", cancellation);
        }
    }

    private StallGuardedContent Piece(long offset, long length) => new(() => content.OpenBlob(blob.Digest), offset, length,
        sent => progress?.Report(new ImageProgress(_id, "Pushing", sent, blob.Size)));

    private StallGuardedContent Ranged(long offset, long length)
    {
        StallGuardedContent piece = Piece(offset, length);
        // Not the Content-Range of HTTP: without unit and total.
        piece.Headers.TryAddWithoutValidation("Content-Range", $"{offset}-{offset + length - 1}");
        return piece;
    }
}
