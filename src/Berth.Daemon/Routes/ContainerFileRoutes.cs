using System.Text.Json;
using Berth.Daemon.Http;
using Berth.Engine.Instances;

namespace Berth.Daemon.Routes;

/// <summary>Files of containers: copy in and out, export.</summary>
internal sealed class ContainerFileRoutes(InstanceService instances)
{
    public IEnumerable<Route> List() =>
    [
        new("HEAD", "/containers/{id}/archive", Stat),
        new("GET", "/containers/{id}/archive", CopyOut),
        new("PUT", "/containers/{id}/archive", CopyIn) { UnboundedBody = true },
        new("GET", "/containers/{id}/export", Export),
    ];

    private Task Stat(ApiCall call)
    {
        SetStatHeader(call);
        return call.Status(200);
    }

    private async Task CopyOut(ApiCall call)
    {
        SetStatHeader(call);
        call.Http.Response.ContentType = "application/x-tar";
        await instances.CopyOutAsync(call["id"], call.Query.Required("path"), call.Http.Response.Body, call.Aborted);
    }

    private async Task CopyIn(ApiCall call)
    {
        var options = new CopyInOptions
        {
            NoOverwriteDirNonDir = call.Query.Flag("noOverwriteDirNonDir"),
            CopyUidGid = call.Query.Flag("copyUIDGID"),
        };
        await instances.CopyInAsync(call["id"], call.Query.Required("path"), call.Body, options, call.Stopping);
        await call.Status(200);
    }

    private async Task Export(ApiCall call)
    {
        call.Http.Response.ContentType = "application/octet-stream";
        await instances.ExportAsync(call["id"], call.Http.Response.Body, call.Aborted);
    }

    private void SetStatHeader(ApiCall call)
    {
        PathStat stat = instances.StatPath(call["id"], call.Query.Required("path"));
        call.Http.Response.Headers["X-Docker-Container-Path-Stat"] = Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(stat, ApiJson.Wire.PathStat));
    }
}
