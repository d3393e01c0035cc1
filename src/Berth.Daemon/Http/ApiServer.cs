using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Berth.Daemon.Http;

/// <summary>What Kestrel calls for every request: finds the route, runs it, turns exceptions into answers.</summary>
internal sealed partial class ApiServer(Router router, ILogger logger) : IHttpApplication<HttpContext>
{
    /// <summary>The value of the <c>Server</c> header.</summary>
    public static string ServerName { get; } = $"Berth/{BuildInfo.Version} (linux)";

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // Everything a request holds is disposed by its handler.
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        long start = Stopwatch.GetTimestamp();
        IHeaderDictionary headers = context.Response.Headers;
        headers["Api-Version"] = ApiVersion.Newest.ToString();
        headers["Docker-Experimental"] = "false";
        headers["Ostype"] = "linux";
        headers.Server = ServerName;
        var connection = context.Features.GetRequiredFeature<HijackableConnection>();
        try
        {
            string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            Route route = router.Find(context.Request.Method, target, out ApiVersion version, out Dictionary<string, string> values);
            if (route.UnboundedBody && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            {
                limit.MaxRequestBodySize = null;
            }
            await route.Handler(new ApiCall(context, version, values));
        }
        catch (Exception exception) when (IsDisconnect(exception, connection))
        {
            // A long answer that ends because its reader stopped sending ends in good order; else there is nobody to answer.
            if (!(context.Response.HasStarted && exception is OperationCanceledException))
            {
                context.Abort();
            }
        }
        catch (Exception exception)
        {
            await Answer(context, connection, exception);
        }
        Log.Served(logger, context.Request.Method, context.Request.Path.Value, context.Response.StatusCode, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    private async Task Answer(HttpContext context, HijackableConnection connection, Exception exception)
    {
        (int status, string message) = ErrorTable.Describe(exception);
        if (status == 500 && ErrorTable.IsUnexpected(exception))
        {
            string id = Guid.NewGuid().ToString("N")[..8];
            Log.Unexpected(logger, id, context.Request.Method, context.Request.Path.Value, exception);
            message = $"internal error {id}: {message}; berthd's log has the details";
        }
        if (connection.IsHijacked)
        {
            Log.Broken(logger, context.Request.Method, context.Request.Path.Value, message);
            return;
        }
        if (context.Response.HasStarted)
        {
            // Too late for a status: cutting the chunked body short is how HTTP says that it is incomplete.
            Log.Broken(logger, context.Request.Method, context.Request.Path.Value, message);
            context.Abort();
            return;
        }
        context.Response.Headers.ContentLength = null;
        await ErrorBody.WriteAsync(context.Response, status, message);
    }

    private static bool IsDisconnect(Exception exception, HijackableConnection connection)
        => exception is OperationCanceledException or IOException or ObjectDisposedException or Microsoft.AspNetCore.Connections.ConnectionAbortedException
            && connection.PeerClosed.IsCancellationRequested
            && exception is not (Berth.Linux.LinuxException or BadHttpRequestException or IOException { InnerException: OverflowException });

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "{Method} {Path} {Status} in {Milliseconds:0.0} ms")]
        public static partial void Served(ILogger logger, string method, string? path, int status, double milliseconds);

        [LoggerMessage(2, LogLevel.Error, "internal error {Id} in {Method} {Path}")]
        public static partial void Unexpected(ILogger logger, string id, string method, string? path, Exception exception);

        [LoggerMessage(3, LogLevel.Warning, "{Method} {Path} broken off: {Message}")]
        public static partial void Broken(ILogger logger, string method, string? path, string message);
    }
}
