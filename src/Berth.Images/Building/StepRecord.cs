using System.Text.Json.Serialization;

namespace Berth.Images.Building;

/// <summary>What a build step made, as the cache keeps it in a file.</summary>
internal sealed record StepRecord
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset LastUsed { get; init; }

    public int Uses { get; init; }

    /// <summary>The instruction, for people.</summary>
    public required string Description { get; init; }

    /// <summary>Bytes of file content in the layer that the step added.</summary>
    public long Size { get; init; }

    public required IReadOnlyList<StackLayer> Layers { get; init; }

    [JsonIgnore]
    public LayerList Stack => field ??= new LayerList(Layers);
}
