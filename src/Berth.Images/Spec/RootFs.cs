using System.Text.Json.Serialization;

namespace Berth.Images.Spec;

/// <summary>The <c>rootfs</c> object. [OCI-IMG] config.md "rootfs".</summary>
public sealed record RootFs
{
    /// <summary>Always <c>layers</c>.</summary>
    public string Type { get; init; } = "layers";

    /// <summary>Digests of the uncompressed layer tars, lowest first.</summary>
    [JsonPropertyName("diff_ids")]
    public required IReadOnlyList<Digest> DiffIds { get; init; }
}
