namespace Berth.Engine.State;

/// <summary>A volume as the store holds it.</summary>
internal sealed record VolumeRow
{
    public required string Name { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public bool Anonymous { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}
