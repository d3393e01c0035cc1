namespace Berth.Images.Spec;

/// <summary>The <c>oci-layout</c> file. [OCI-IMG] image-layout.md.</summary>
public sealed record OciLayoutFile
{
    /// <summary>Layout version, <c>1.0.0</c>.</summary>
    public string ImageLayoutVersion { get; init; } = "1.0.0";
}
