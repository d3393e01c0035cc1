namespace Berth.Images.Spec;

/// <summary>Points at a blob. [OCI-IMG] descriptor.md.</summary>
public sealed record Descriptor
{
    /// <summary>Type of the blob.</summary>
    public string? MediaType { get; init; }

    /// <summary>Digest of the blob.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Size of the blob in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Free annotations, such as <c>org.opencontainers.image.ref.name</c>.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>In an index: what the manifest runs on.</summary>
    public Platform? Platform { get; init; }
}
