namespace Berth.Engine.Volumes;

/// <summary>Volumes.</summary>
public sealed record VolumeList
{
    /// <summary>Volumes.</summary>
    public IReadOnlyList<VolumeView> Volumes { get; init; } = [];

    /// <summary>What went wrong.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}
