using System.Text.Json.Serialization;

namespace Berth.Images.Archives;

/// <summary>One image in a <c>docker save</c> archive's <c>manifest.json</c>.</summary>
internal sealed record DockerArchiveItem
{
    [JsonPropertyName("Config")]
    public string? Config { get; init; }

    [JsonPropertyName("RepoTags")]
    public IReadOnlyList<string>? RepoTags { get; init; }

    [JsonPropertyName("Layers")]
    public IReadOnlyList<string>? Layers { get; init; }
}
