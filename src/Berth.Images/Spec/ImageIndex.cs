namespace Berth.Images.Spec;

/// <summary>Image index: manifests by platform or name. [OCI-IMG] image-index.md.</summary>
public sealed record ImageIndex
{
    /// <summary>Always 2.</summary>
    public int SchemaVersion { get; init; } = 2;

    /// <summary>OCI index or Docker manifest list.</summary>
    public string? MediaType { get; init; }

    /// <summary>Manifests or nested indexes.</summary>
    public required IReadOnlyList<Descriptor> Manifests { get; init; }

    /// <summary>Free annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
