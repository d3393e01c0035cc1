using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Images;
using Berth.Images;

namespace Berth.Daemon.Routes;

/// <summary>Images: list, inspect, tag, remove, prune.</summary>
internal sealed class ImageRoutes(ImageService images)
{
    public IEnumerable<Route> List() =>
    [
        new("GET", "/images/json", ListAll),
        new("POST", "/images/prune", Prune),
        new("GET", "/images/{name*}/json", Inspect),
        new("GET", "/images/{name*}/history", History),
        new("POST", "/images/{name*}/tag", Tag),
        new("DELETE", "/images/{name*}", Remove),
    ];

    private Task ListAll(ApiCall call)
    {
        FilterSet filters = call.Query.Filters();
        filters.Allow("dangling", "reference", "label", "label!", "before", "since", "until");
        bool sharedSize = call.Query.Flag("shared-size");
        IReadOnlyList<ImageSummaryView> list = [.. images.List(Filter(filters)).Select(image => ImageSummaryView.Of(image, call.Version, sharedSize))];
        return call.Json(list, DockerJson.Wire.IReadOnlyListImageSummaryView);
    }

    private Task Inspect(ApiCall call)
    {
        Image image = images.Get(call["name"]);
        return call.Json(ImageInspectView.Of(image, images.Store.LayerDirectories(image), call.Version), DockerJson.Wire.ImageInspectView);
    }

    private Task History(ApiCall call)
    {
        IReadOnlyList<ImageHistoryView> steps =
        [
            .. images.History(call["name"]).Select(step => new ImageHistoryView(
                step.Id, step.Created.ToUnixTimeSeconds(), step.CreatedBy, step.Tags.Count > 0 ? step.Tags : null, step.Size, step.Comment)),
        ];
        return call.Json(steps, DockerJson.Wire.IReadOnlyListImageHistoryView);
    }

    private Task Tag(ApiCall call)
    {
        images.Tag(call["name"], call.Query.Required("repo"), call.Query.Text("tag"));
        return call.Status(201);
    }

    private Task Remove(ApiCall call)
    {
        IReadOnlyList<RemovedImage> removed = images.Remove(call["name"], call.Query.Flag("force"));
        IReadOnlyList<ImageRemovalView> effects = View(removed);
        return call.Json(effects, DockerJson.Wire.IReadOnlyListImageRemovalView);
    }

    private Task Prune(ApiCall call)
    {
        FilterSet filters = call.Query.Filters();
        filters.Allow("dangling", "label", "label!", "until");
        bool all = filters.Boolean("dangling") is false;
        PrunedImages pruned = images.Prune(all, Filter(filters) with { Dangling = null });
        return call.Json(new ImagesPrunedView(pruned.Removed.Count == 0 ? null : View(pruned.Removed), pruned.SpaceReclaimed), DockerJson.Wire.ImagesPrunedView);
    }

    private static IReadOnlyList<ImageRemovalView> View(IReadOnlyList<RemovedImage> removed)
        => [.. removed.Select(effect => new ImageRemovalView(effect.Untagged, effect.Deleted))];

    private static ImageFilter Filter(FilterSet filters) => new()
    {
        Dangling = filters.Boolean("dangling"),
        References = filters["reference"],
        Labels = filters["label"],
        WithoutLabels = filters["label!"],
        Before = filters["before"] is [var before, ..] ? before : null,
        Since = filters["since"] is [var since, ..] ? since : null,
        Until = filters["until"] is [var until, ..] ? DockerTime.Parse(until, "until", TimeProvider.System.GetUtcNow()) : null,
    };
}
