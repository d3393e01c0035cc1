using Berth.Containers.Host;
using Berth.Daemon.Hosting;
using Berth.Daemon.Http;

namespace Berth.Daemon.Routes;

/// <summary>The few calls that Docker's API does not have.</summary>
internal sealed class BerthRoutes(DaemonOptions options)
{
    public IEnumerable<Route> List() =>
    [
        new("GET", "/berth/ping", Ping),
        new("GET", "/berth/doctor", call => call.Json(HostReport.Make(options.DataRoot), HostReportJson.Default.HostReport)),
    ];

    private Task Ping(ApiCall call) => call.Json(
        new BerthPing(BuildInfo.Version, BuildInfo.Commit, Environment.ProcessId, options.DataRoot, options.RunRoot, options.CgroupParent), ApiJson.Wire.BerthPing);
}
