using Berth.Daemon.Http;

namespace Berth.Daemon.Routes;

/// <summary>Every route of the daemon, one line per resource.</summary>
internal static class RouteTable
{
    public static IReadOnlyList<Route> All() => [.. PingRoutes.List()];
}
