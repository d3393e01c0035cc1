namespace Berth.Images.Spec;

/// <summary>Image manifest: one configuration and its layers, lowest first. [OCI-IMG] manifest.md.</summary>
public sealed record ImageManifest
{
    /// <summary>Always 2.</summary>
    public int SchemaVersion { get; init; } = 2;

    /// <summary>OCI or Docker manifest type; optional in OCI.</summary>
    public string? MediaType { get; init; }

    /// <summary>The image configuration.</summary>
    public required Descriptor Config { get; init; }

    /// <summary>Layers, lowest first.</summary>
    public required IReadOnlyList<Descriptor> Layers { get; init; }

    /// <summary>Free annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
