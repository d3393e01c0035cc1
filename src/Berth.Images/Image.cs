using Berth.Images.Spec;

namespace Berth.Images;

/// <summary>An image in the store, as it was when it was asked for.</summary>
public sealed record Image
{
    /// <summary>Digest of the configuration, <c>sha256:…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The configuration.</summary>
    public required ImageConfig Config { get; init; }

    /// <summary>The manifest.</summary>
    public required ImageManifest Manifest { get; init; }

    /// <summary>Digest of the manifest.</summary>
    public required Digest ManifestDigest { get; init; }

    /// <summary>Familiar names with tags, such as <c>busybox:latest</c>.</summary>
    public required IReadOnlyList<string> RepoTags { get; init; }

    /// <summary>Familiar names with manifest digests.</summary>
    public required IReadOnlyList<string> RepoDigests { get; init; }

    /// <summary>Bytes of file content in all layers.</summary>
    public required long Size { get; init; }

    /// <summary>Id of the image it was committed from, or empty.</summary>
    public required string ParentId { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When a name was last put on it.</summary>
    public required DateTimeOffset LastTagged { get; init; }

    /// <summary>Chain id of each layer, lowest first. [OCI-IMG] config.md "Layer ChainID".</summary>
    public required IReadOnlyList<Digest> ChainIds { get; init; }
}
