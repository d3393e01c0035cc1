using System.Globalization;
using Berth.Images;
using Berth.Registry.Store;
using Microsoft.AspNetCore.Http;

namespace Berth.Registry.Http;

/// <summary>Blobs written: in one request, in a stream, in chunks, or mounted from another repository. [OCI-DIST] "Pushing blobs".</summary>
internal sealed class UploadEndpoints(RegistryStore store, UploadStore uploads)
{
    public async Task BeginAsync(HttpContext context, RequestTarget target)
    {
        IQueryCollection query = context.Request.Query;
        if (query["mount"].ToString() is { Length: > 0 } mount)
        {
            string from = query["from"].ToString();
            Digest wanted = RequestTarget.DigestOf(mount);
            if (RequestTarget.IsName(from) && store.Mount(target.Repository, from, wanted))
            {
                Created(context, target, wanted);
                return;
            }
        }
        Digest? digest = query["digest"].ToString() is { Length: > 0 } text ? RequestTarget.DigestOf(text) : null;
        string id = uploads.Begin(target.Repository);
        if (digest is not { } whole)
        {
            Progress(context, target, id, 0, 202);
            return;
        }
        Upload upload = uploads.Enter(target.Repository, id);
        try
        {
            await upload.AppendAsync(context.Request.Body, context.RequestAborted);
            uploads.Complete(target.Repository, id, upload, whole);
        }
        catch
        {
            uploads.Forget(id);
            throw;
        }
        Created(context, target, whole);
    }

    public async Task AppendAsync(HttpContext context, RequestTarget target)
    {
        Upload upload = uploads.Enter(target.Repository, target.Item);
        try
        {
            RequireInOrder(context, upload);
            await upload.AppendAsync(context.Request.Body, context.RequestAborted);
            Progress(context, target, target.Item, upload.Length, 202);
        }
        finally
        {
            upload.Leave();
        }
    }

    public async Task CompleteAsync(HttpContext context, RequestTarget target)
    {
        Digest digest = RequestTarget.DigestOf(context.Request.Query["digest"]);
        Upload upload = uploads.Enter(target.Repository, target.Item);
        try
        {
            RequireInOrder(context, upload);
            await upload.AppendAsync(context.Request.Body, context.RequestAborted);
            uploads.Complete(target.Repository, target.Item, upload, digest);
        }
        finally
        {
            upload.Leave();
        }
        Created(context, target, digest);
    }

    public Task StatusAsync(HttpContext context, RequestTarget target)
    {
        Upload upload = uploads.Enter(target.Repository, target.Item);
        Progress(context, target, target.Item, upload.Length, 204);
        upload.Leave();
        return Task.CompletedTask;
    }

    public Task CancelAsync(HttpContext context, RequestTarget target)
    {
        uploads.Enter(target.Repository, target.Item);
        uploads.Forget(target.Item);
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    // "Content-Range: FIRST-LAST" without unit and total; a chunk that does not begin where the last ended is refused.
    private static void RequireInOrder(HttpContext context, Upload upload)
    {
        string header = context.Request.Headers.ContentRange.ToString();
        if (header.Length == 0)
        {
            return;
        }
        long have = upload.Length;
        if (header.Split('-') is not [var first, var last]
            || !long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out long from)
            || !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out long to)
            || from != have || to < from || (context.Request.ContentLength is { } length && length != to - from + 1))
        {
            throw new RegistryException(416, "BLOB_UPLOAD_INVALID", $"the upload has {have} bytes: the next chunk begins there") { Range = RangeOf(have) };
        }
    }

    private static void Progress(HttpContext context, RequestTarget target, string id, long have, int status)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.Headers.Location = $"/v2/{target.Repository}/blobs/uploads/{id}";
        response.Headers.Range = RangeOf(have);
        response.Headers["Docker-Upload-UUID"] = id;
    }

    private static string RangeOf(long have) => $"0-{Math.Max(0, have - 1)}";

    private static void Created(HttpContext context, RequestTarget target, Digest digest)
    {
        context.Response.StatusCode = 201;
        context.Response.Headers.Location = $"/v2/{target.Repository}/blobs/{digest}";
        context.Response.Headers["Docker-Content-Digest"] = digest.ToString();
    }
}
