using Berth.Daemon.Http;

namespace Berth.Daemon.Routes;

/// <summary>The call every client begins with.</summary>
internal static class PingRoutes
{
    public static IEnumerable<Route> List() =>
    [
        new("GET", "/_ping", Ping),
        new("HEAD", "/_ping", Ping),
    ];

    private static async Task Ping(ApiCall call)
    {
        var headers = call.Http.Response.Headers;
        // 1 = the classic builder: the client then keeps to POST /build and does not look for BuildKit.
        headers["Builder-Version"] = "1";
        headers["Swarm"] = "inactive";
        headers.CacheControl = "no-cache, no-store, must-revalidate";
        headers.Pragma = "no-cache";
        if (call.Http.Request.Method == "HEAD")
        {
            call.Http.Response.ContentType = "text/plain; charset=utf-8";
            call.Http.Response.ContentLength = 0;
            return;
        }
        await call.Text("OK");
    }
}
