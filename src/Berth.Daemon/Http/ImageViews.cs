using System.Text.Json.Serialization;
using Berth.Engine;
using Berth.Engine.Instances;
using Berth.Engine.Volumes;
using Berth.Images;
using Berth.Images.Spec;

namespace Berth.Daemon.Http;

/// <summary>A line of the image list as the Docker API shows it.</summary>
internal sealed record ImageSummaryView
{
    public required string Id { get; init; }

    public required string ParentId { get; init; }

    public required IReadOnlyList<string> RepoTags { get; init; }

    public required IReadOnlyList<string> RepoDigests { get; init; }

    public long Created { get; init; }

    public long Size { get; init; }

    /// <summary>-1 = not asked for.</summary>
    public long SharedSize { get; init; } = -1;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? VirtualSize { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>-1 = not counted.</summary>
    public long Containers { get; init; } = -1;

    /// <summary>VirtualSize went away with API 1.44.</summary>
    public static ImageSummaryView Of(ImageSummary summary, ApiVersion version, bool sharedSize) => new()
    {
        Id = summary.Image.Id,
        ParentId = summary.Image.ParentId,
        RepoTags = summary.Image.RepoTags,
        RepoDigests = summary.Image.RepoDigests,
        Created = summary.Image.Created.ToUnixTimeSeconds(),
        Size = summary.Image.Size,
        SharedSize = sharedSize ? summary.SharedSize : -1,
        VirtualSize = version < new ApiVersion(1, 44) ? summary.Image.Size : null,
        Labels = summary.Image.Config.Config?.Labels,
    };
}

/// <summary>An image as the Docker API's inspect shows it.</summary>
internal sealed record ImageInspectView
{
    public required string Id { get; init; }

    public required IReadOnlyList<string> RepoTags { get; init; }

    public required IReadOnlyList<string> RepoDigests { get; init; }

    public required string Parent { get; init; }

    public required string Comment { get; init; }

    public required string Created { get; init; }

    public required string DockerVersion { get; init; }

    public required string Author { get; init; }

    public required ImageDefaults Config { get; init; }

    public required string Architecture { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Variant { get; init; }

    public required string Os { get; init; }

    public long Size { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? VirtualSize { get; init; }

    public required GraphDriverView GraphDriver { get; init; }

    public required RootFsView RootFS { get; init; }

    public required ImageMetadataView Metadata { get; init; }

    public static ImageInspectView Of(Image image, IReadOnlyList<string> layerDirectories, ApiVersion version) => new()
    {
        Id = image.Id,
        RepoTags = image.RepoTags,
        RepoDigests = image.RepoDigests,
        Parent = image.ParentId,
        Comment = image.Config.Comment ?? "",
        Created = DockerTime.Format(image.Created),
        DockerVersion = image.Config.DockerVersion ?? "",
        Author = image.Config.Author ?? "",
        Config = image.Config.Config ?? new ImageDefaults(),
        Architecture = image.Config.Architecture,
        Variant = image.Config.Variant,
        Os = image.Config.Os,
        Size = image.Size,
        VirtualSize = version < new ApiVersion(1, 44) ? image.Size : null,
        GraphDriver = new GraphDriverView
        {
            Name = "overlay2",
            Data = layerDirectories.Count == 0 ? new Dictionary<string, string>() : new Dictionary<string, string>
            {
                ["UpperDir"] = layerDirectories[0],
                ["LowerDir"] = string.Join(':', layerDirectories.Skip(1)),
            },
        },
        RootFS = new RootFsView("layers", [.. image.Config.Rootfs.DiffIds.Select(digest => digest.ToString())]),
        Metadata = new ImageMetadataView(DockerTime.Format(image.LastTagged)),
    };
}

/// <summary>The layers of an image.</summary>
internal sealed record RootFsView(string Type, IReadOnlyList<string> Layers);

/// <summary>What the store knows beside the image.</summary>
internal sealed record ImageMetadataView(string LastTagTime);

/// <summary>One step of an image's history.</summary>
internal sealed record ImageHistoryView(string Id, long Created, string CreatedBy, IReadOnlyList<string>? Tags, long Size, string Comment);

/// <summary>One effect of a removal.</summary>
internal sealed record ImageRemovalView(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Untagged,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Deleted);

/// <summary>What a prune of images removed.</summary>
internal sealed record ImagesPrunedView(IReadOnlyList<ImageRemovalView>? ImagesDeleted, long SpaceReclaimed);

/// <summary>Answer to <c>GET /system/df</c>.</summary>
internal sealed record DiskUsageView
{
    public long LayersSize { get; init; }

    public IReadOnlyList<ImageSummaryView> Images { get; init; } = [];

    public IReadOnlyList<InstanceSummary> Containers { get; init; } = [];

    public IReadOnlyList<VolumeView> Volumes { get; init; } = [];

    public IReadOnlyList<CacheEntryView> BuildCache { get; init; } = [];
}

/// <summary>One entry of the build cache. [DOCKER-API] BuildCache.</summary>
internal sealed record CacheEntryView(string ID, string Type, string Description, bool InUse, bool Shared, long Size, string CreatedAt, string LastUsedAt, int UsageCount);

/// <summary>What a prune of the build cache removed.</summary>
internal sealed record CachePrunedView(IReadOnlyList<string> CachesDeleted, long SpaceReclaimed);
