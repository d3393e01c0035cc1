using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Events;
using Berth.Engine.Host;
using Berth.Engine.Instances;
using Berth.Images;

namespace Berth.Daemon.Routes;

/// <summary>The engine itself: version, info, events.</summary>
internal sealed class SystemRoutes(BerthEngine engine)
{
    public IEnumerable<Route> List() =>
    [
        new("GET", "/version", call => call.Json(engine.System.Version(), EngineJson.Wire.VersionInfo)),
        new("GET", "/info", call => call.Json(engine.System.Info(), EngineJson.Wire.HostInfo)),
        new("GET", "/system/df", DiskUsage),
        new("GET", "/events", Events),
    ];

    private Task DiskUsage(ApiCall call)
    {
        string[] types = call.Query.Texts("type");
        bool all = types.Length == 0, wantsImages = all || types.Contains("image");
        DiskUsage engineUsage = engine.System.DiskUsage(all || types.Contains("container"), all || types.Contains("volume"));
        ImageDiskUsage? imageUsage = wantsImages ? engine.Images.DiskUsage() : null;
        ILookup<string, InstanceSummary> users = engine.Instances.List(all: true, limit: 0, size: false, FilterSet.Empty).ToLookup(instance => instance.ImageID);
        return call.Json(
            new DiskUsageView
            {
                LayersSize = wantsImages ? engineUsage.LayersSize : 0,
                Images = [.. (imageUsage?.Images ?? []).Select(image => ImageSummaryView.Of(image, call.Version, sharedSize: true) with { Containers = users[image.Image.Id].Count() })],
                Containers = engineUsage.Containers,
                Volumes = engineUsage.Volumes,
                BuildCache = all || types.Contains("build-cache") ? BuildCache() : [],
            },
            DockerJson.Wire.DiskUsageView);
    }

    private IReadOnlyList<CacheEntryView> BuildCache() =>
    [
        .. engine.Builds.Cache().Select(static entry => new CacheEntryView(
            entry.Id, "regular", entry.Description, InUse: false, entry.IsShared, entry.Size, DockerTime.Format(entry.Created), DockerTime.Format(entry.LastUsed), entry.Uses)),
        .. engine.Builds.CacheMounts().Select(static mount => new CacheEntryView(
            mount.Name, "exec.cachemount", "RUN --mount=type=cache", mount.InUse, Shared: false, mount.Size, DockerTime.Format(mount.LastUsed), DockerTime.Format(mount.LastUsed), 0)),
    ];

    private async Task Events(ApiCall call)
    {
        IAsyncEnumerable<EngineEvent> events = engine.Events.Listen(call.Query.Time("since"), call.Query.Time("until"), call.Query.Filters(), call.Aborted);
        Stream answer = await call.StartStream("application/json");
        await foreach (EngineEvent happened in events)
        {
            await ApiCall.SendLine(answer, happened, EngineJson.Wire.EngineEvent, call.Aborted);
        }
    }
}
