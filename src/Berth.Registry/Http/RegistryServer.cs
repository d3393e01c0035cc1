using Berth.Linux;
using Berth.Registry.Auth;
using Berth.Registry.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Berth.Registry.Http;

/// <summary>Every request of the distribution API: who asks, what about, and what that comes to. [OCI-DIST] "API".</summary>
internal sealed partial class RegistryServer(RegistryStore store, UploadStore uploads, BasicAuthentication? users, bool readOnly, ILogger logger)
{
    private readonly BlobEndpoints _blobs = new(store);
    private readonly UploadEndpoints _uploads = new(store, uploads);
    private readonly ManifestEndpoints _manifests = new(store);
    private readonly ListEndpoints _lists = new(store);

    public async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers["Docker-Distribution-API-Version"] = "registry/2.0";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            if (users is not null && !await users.IsKnownAsync(context.Request.Headers.Authorization, context.RequestAborted))
            {
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"Berth Registry\", charset=\"UTF-8\"";
                throw new RegistryException(401, "UNAUTHORIZED", "user name and password are needed");
            }
            await RouteAsync(context);
        }
        catch (RegistryException e) when (!context.Response.HasStarted)
        {
            if (e.Range is not null)
            {
                context.Response.Headers.Range = e.Range;
            }
            await RegistryJsonBody.WriteErrorAsync(context, e);
        }
        catch (Exception e) when (e is OperationCanceledException or BadHttpRequestException or Microsoft.AspNetCore.Connections.ConnectionResetException || context.RequestAborted.IsCancellationRequested)
        {
            // The client went, or speaks no HTTP; Kestrel says what is to be said.
            if (e is BadHttpRequestException { StatusCode: var status } && !context.Response.HasStarted)
            {
                context.Response.StatusCode = status;
            }
        }
        catch (IOException e) when (!context.Response.HasStarted && e is LinuxException { Errno: Errno.ENOSPC or Errno.EDQUOT } or { HResult: (int)Errno.ENOSPC or (int)Errno.EDQUOT })
        {
            await RegistryJsonBody.WriteErrorAsync(context, new RegistryException(507, "DENIED", "the registry's disk is full"));
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            Log.Failed(logger, context.Request.Method, context.Request.Path.Value, e);
            await RegistryJsonBody.WriteErrorAsync(context, new RegistryException(500, "UNKNOWN", "the registry failed; its log has the details"));
        }
        Log.Served(logger, context.Request.Method, context.Request.Path.Value, context.Response.StatusCode);
    }

    private Task RouteAsync(HttpContext context)
    {
        RequestTarget target = RequestTarget.Parse(context.Request.Path.Value ?? "") ?? throw new RegistryException(404, "UNSUPPORTED", "no such address in the distribution API");
        string method = context.Request.Method;
        if (readOnly && method is not ("GET" or "HEAD"))
        {
            throw RegistryException.Unsupported("this registry is read-only");
        }
        return (target.Kind, method) switch
        {
            (TargetKind.Base, "GET" or "HEAD") => RegistryJsonBody.WriteAsync(context, 200, static _ => { }),
            (TargetKind.Catalog, "GET") => _lists.CatalogAsync(context),
            (TargetKind.Tags, "GET") => _lists.TagsAsync(context, target),
            (TargetKind.Referrers, "GET") => _lists.ReferrersAsync(context, target),
            (TargetKind.Blob, "GET" or "HEAD") => _blobs.GetAsync(context, target),
            (TargetKind.Blob, "DELETE") => _blobs.DeleteAsync(context, target),
            (TargetKind.Uploads, "POST") => _uploads.BeginAsync(context, target),
            (TargetKind.Upload, "PATCH") => _uploads.AppendAsync(context, target),
            (TargetKind.Upload, "PUT") => _uploads.CompleteAsync(context, target),
            (TargetKind.Upload, "GET") => _uploads.StatusAsync(context, target),
            (TargetKind.Upload, "DELETE") => _uploads.CancelAsync(context, target),
            (TargetKind.Manifest, "GET" or "HEAD") => _manifests.GetAsync(context, target),
            (TargetKind.Manifest, "PUT") => _manifests.PutAsync(context, target),
            (TargetKind.Manifest, "DELETE") => _manifests.DeleteAsync(context, target),
            _ => throw RegistryException.Unsupported($"{method} is not for this address"),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "{Method} {Path} {Status}")]
        public static partial void Served(ILogger logger, string method, string? path, int status);

        [LoggerMessage(2, LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, string method, string? path, Exception exception);
    }
}
