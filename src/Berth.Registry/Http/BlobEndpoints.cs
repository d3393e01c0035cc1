using System.Globalization;
using Berth.Images;
using Berth.Registry.Store;
using Microsoft.AspNetCore.Http;

namespace Berth.Registry.Http;

/// <summary>Blobs read and deleted. [OCI-DIST] "Pulling blobs", "Deleting Blobs".</summary>
internal sealed class BlobEndpoints(RegistryStore store)
{
    public async Task GetAsync(HttpContext context, RequestTarget target)
    {
        Digest digest = target.Digest();
        await using FileStream file = store.OpenBlob(target.Repository, digest) ?? throw RegistryException.BlobUnknown();
        HttpResponse response = context.Response;
        response.ContentType = "application/octet-stream";
        response.Headers["Docker-Content-Digest"] = digest.ToString();
        response.Headers.ETag = $"\"{digest}\"";
        response.Headers.AcceptRanges = "bytes";
        if (HttpMethods.IsHead(context.Request.Method))
        {
            store.Touch(target.Repository, digest); // a client asks before it pushes a manifest that names it
            response.ContentLength = file.Length;
            return;
        }
        (long from, long length) = Range(context, file.Length);
        file.Seek(from, SeekOrigin.Begin);
        response.ContentLength = length;
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(128 << 10);
        try
        {
            for (long left = length; left > 0;)
            {
                int count = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), context.RequestAborted);
                await response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
                left = count == 0 ? throw new EndOfStreamException("a blob became shorter while it was read") : left - count;
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public Task DeleteAsync(HttpContext context, RequestTarget target)
    {
        if (!store.RemoveBlob(target.Repository, target.Digest()))
        {
            throw RegistryException.BlobUnknown();
        }
        context.Response.StatusCode = 202;
        return Task.CompletedTask;
    }

    // [RFC9110] section 14.2: what is no single range of bytes is ignored; one that begins behind the end is refused.
    private static (long From, long Length) Range(HttpContext context, long size)
    {
        string header = context.Request.Headers.Range.ToString();
        if (!header.StartsWith("bytes=", StringComparison.Ordinal) || header.Contains(',', StringComparison.Ordinal)
            || header["bytes=".Length..].Split('-') is not [var first, var last])
        {
            return (0, size);
        }
        bool hasFirst = TryNumber(first, out long from), hasLast = TryNumber(last, out long to);
        if ((!hasFirst && first.Length > 0) || (!hasLast && last.Length > 0) || (!hasFirst && !hasLast) || (hasFirst && hasLast && to < from))
        {
            return (0, size);
        }
        if (!hasFirst)
        {
            (from, to) = (Math.Max(0, size - to), size - 1);
        }
        to = hasLast && hasFirst ? Math.Min(to, size - 1) : size - 1;
        if (from >= size)
        {
            context.Response.Headers.ContentRange = $"bytes */{size}";
            throw new RegistryException(416, "SIZE_INVALID", $"the blob has {size} bytes");
        }
        context.Response.StatusCode = 206;
        context.Response.Headers.ContentRange = $"bytes {from}-{to}/{size}";
        return (from, to - from + 1);
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
