using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Events;
using Berth.Engine.Instances;
using Berth.Images;

namespace Berth.Daemon.Routes;

/// <summary>Images: list, inspect, tag, remove, prune.</summary>
internal sealed class ImageRoutes(ImageStore images, InstanceService instances, EventJournal events)
{
    public IEnumerable<Route> List() =>
    [
        new("GET", "/images/json", ListAll),
        new("GET", "/images/search", _ => throw ApiException.NotImplemented("registries are not supported yet, so there is nothing to search")),
        new("POST", "/images/prune", Prune),
        new("GET", "/images/{name*}/json", Inspect),
        new("GET", "/images/{name*}/history", History),
        new("POST", "/images/{name*}/tag", Tag),
        new("POST", "/images/{name*}/push", Push),
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
        return call.Json(ImageInspectView.Of(image, images.LayerDirectories(image), call.Version), DockerJson.Wire.ImageInspectView);
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
        ImageReference reference = ImageReference.Parse(call.Query.Required("repo"));
        if (call.Query.Text("tag") is { } tag)
        {
            reference = reference.WithTag(tag);
        }
        images.Tag(call["name"], reference);
        Image image = images.Get(call["name"]);
        Publish("tag", image.Id, reference.WithDefaultTag().Familiar);
        return call.Status(201);
    }

    private Task Push(ApiCall call)
    {
        _ = images.Get(call["name"]);
        throw ApiException.NotImplemented("registries are not supported yet, so nothing can be pushed; docker save writes the image to a file");
    }

    private Task Remove(ApiCall call)
    {
        IReadOnlyList<RemovedImage> removed = images.Remove(call["name"], call.Query.Flag("force"), UseOf);
        Announce(removed);
        IReadOnlyList<ImageRemovalView> effects = View(removed);
        return call.Json(effects, DockerJson.Wire.IReadOnlyListImageRemovalView);
    }

    private Task Prune(ApiCall call)
    {
        FilterSet filters = call.Query.Filters();
        filters.Allow("dangling", "label", "label!", "until");
        bool all = filters.Boolean("dangling") is false;
        PrunedImages pruned = images.Prune(all, Filter(filters) with { Dangling = null }, UseOf);
        Announce(pruned.Removed);
        return call.Json(new ImagesPrunedView(pruned.Removed.Count == 0 ? null : View(pruned.Removed), pruned.SpaceReclaimed), DockerJson.Wire.ImagesPrunedView);
    }

    private ImageUse? UseOf(string imageId)
    {
        InstanceSummary? user = instances.List(all: true, limit: 0, size: false, FilterSet.Empty)
            .Where(instance => instance.ImageID == imageId)
            .MaxBy(instance => instance.State is "running" or "paused" or "restarting");
        return user is null ? null : new ImageUse(user.Id, user.State is "running" or "paused" or "restarting");
    }

    private void Announce(IReadOnlyList<RemovedImage> removed)
    {
        foreach (RemovedImage effect in removed)
        {
            string id = effect.Deleted ?? effect.Untagged!;
            Publish(effect.Deleted is null ? "untag" : "delete", id, id);
        }
    }

    private void Publish(string action, string id, string name) => events.Publish("image", action, id, new Dictionary<string, string> { ["name"] = name });

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
